"""Alerts in words, for owners and for engineers, in both languages."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from gaung.alerts.rules import WINDOW, Decision
from gaung.reports.words import Form, Language, number

TITLES: dict[Language, dict[str, str]] = {
    "id": {
        "gate_failure": "Pemeriksaan data menahan pembaruan",
        "source_outage": "Sumber data {subject} terputus",
        "crisis": "{subject}: keluhan melonjak",
        "drop": "{subject}: pembicaraan turun tajam",
    },
    "en": {
        "gate_failure": "The gate blocked an update",
        "source_outage": "Source {subject} is down",
        "crisis": "{subject}: complaints are surging",
        "drop": "{subject}: talk has fallen sharply",
    },
}
EVENTS: dict[Language, dict[str, str]] = {
    "id": {"open": "", "escalate": "MEMBURUK: ", "close": "SELESAI: "},
    "en": {"open": "", "escalate": "WORSE: ", "close": "OVER: "},
}
UNKNOWN: dict[Language, str] = {"id": "cakupan data tidak diketahui", "en": "coverage unknown"}


def title(decision: Decision, name: str, language: Language) -> str:
    """One line that says what happened."""
    return EVENTS[language][decision.event] + TITLES[language][decision.kind].format(subject=name)


def reason(decision: Decision, timezone: str, language: Language) -> str:
    """One sentence with the evidence."""
    if decision.kind in ("crisis", "drop"):
        return _of_window(decision, timezone, language)
    if decision.event == "close":
        return {
            "id": "Pembaruan terbit lagi."
            if decision.kind == "gate_failure"
            else "Pengumpulan berhasil lagi.",
            "en": "Updates are published again."
            if decision.kind == "gate_failure"
            else "Collection works again.",
        }[language]
    message = " ".join(str(decision.evidence.get("message") or "").split())[:500]
    times = number(decision.evidence["failures_in_a_row"], "count", language)
    if decision.kind == "gate_failure":
        return {
            "id": f"Pembaca tetap melihat versi terakhir yang baik. Berturut-turut: {times}. {message}",
            "en": f"Readers keep the last good version. In a row: {times}. {message}",
        }[language]
    return {
        "id": f"Pengumpulan gagal berturut-turut: {times}. {message}",
        "en": f"Collections failed in a row: {times}. {message}",
    }[language]


def coverage(evidence: Mapping[str, Any], language: Language) -> str:
    """How much was collected of what was planned, or that nobody knows."""
    value = evidence.get("collection_coverage_pct")
    if value is None:
        return UNKNOWN[language]
    shown = number(Decimal(str(value)), "decimal", language)
    return {"id": f"cakupan data {shown} %", "en": f"coverage {shown} %"}[language]


def _of_window(decision: Decision, timezone: str, language: Language) -> str:
    seen = decision.evidence

    def say(name: str, form: Form) -> str:
        value = seen.get(name)
        return "–" if value is None else number(Decimal(str(value)), form, language)

    start = datetime.fromisoformat(str(seen["window_at"]))
    between = _span(start, timezone, language)
    if decision.kind == "drop":
        sentences = {
            "id": f"{between}: {say('post_count', 'count')} unggahan, "
            f"biasanya {say('post_median', 'decimal')}.",
            "en": f"{between}: {say('post_count', 'count')} posts, usually {say('post_median', 'decimal')}.",
        }
    else:
        sentences = {
            "id": f"{between}: {say('negative_count', 'count')} unggahan negatif, biasanya "
            f"{say('negative_median', 'decimal')}; bagian negatif {say('negative_share_pct', 'decimal')} %, "
            f"sebelumnya {say('past_negative_share_pct', 'decimal')} %.",
            "en": f"{between}: {say('negative_count', 'count')} negative posts, usually "
            f"{say('negative_median', 'decimal')}; negative share {say('negative_share_pct', 'decimal')} %, "
            f"before {say('past_negative_share_pct', 'decimal')} %.",
        }
    return f"{sentences[language]} ({coverage(seen, language)})"


def _span(start: datetime, timezone: str, language: Language) -> str:
    """A window in the brand's own time: 10.15–10.30 WIB."""
    zone, sign = ZoneInfo(timezone), "." if language == "id" else ":"
    local, end = start.astimezone(zone), (start + WINDOW).astimezone(zone)
    return f"{local:%H}{sign}{local:%M}–{end:%H}{sign}{end:%M} {local:%Z}"
