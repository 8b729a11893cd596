"""Looks at builds, sources and the newest windows, writes what opens, gets worse or is over, and tells it.

:func:`watch` may be called at any time, by several at once and again after a crash: alerts are written
under one lock and each event once, and each recipient is claimed before a message leaves.
"""

import json
import logging
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import TYPE_CHECKING, Any

from psycopg2.extras import Json

from gaung.alerts import rules, words
from gaung.alerts.rules import Decision, Kind, State
from gaung.warehouse import builds
from gaung.warehouse.connect import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

log = logging.getLogger(__name__)

LOCK_KEY = 0x676175_6E6701
"""Advisory lock under which alerts are written."""


@dataclass(frozen=True)
class Alert:
    """One written event."""

    alert_id: int
    decision: Decision


def watch() -> list[Alert]:
    """The events that were written now; every event that nobody was told of yet is delivered.

    Raises:
        ServerUnavailable: the warehouse cannot be reached.
        MailFailed: the mail server took nothing; the next call tries again.
    """
    from gaung.alerts import notice

    found = evaluate()
    notice.deliver()
    return found


def evaluate() -> list[Alert]:
    """The events that were written now, by what is known now; nobody is told yet."""
    with _session("publisher") as cur:
        cur.execute("select pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        states = _states(cur)
        written = [_write(cur, decision) for decision in _decisions(cur, states)]
    for alert in written:
        log.info("alert %s: %s %s", alert.alert_id, alert.decision.kind, alert.decision.event)
    return written


def note_quarters(build_id: int, token: str) -> int:
    """Quarters of an hour counted anew for the brand hours that the build rebuilt.

    Called by the build before it publishes, under its lock; a repeated call changes nothing.

    Raises:
        BuildFenced: another build took over.
    """
    with _session("transformer") as cur:
        builds.fence(cur, build_id, token)
        if not _exists(cur, "core.int_brand_quarters__counted"):
            return 0
        cur.execute(
            """
            delete from core.brand_quarter as q using core.dirty__brand_hour as d
            where q.brand_id = d.brand_id
                and q.quarter_at >= d.hour_at and q.quarter_at < d.hour_at + interval '1 hour'
            """
        )
        cur.execute(
            """
            insert into core.brand_quarter
                (brand_id, quarter_at, post_count, scored_count, positive_count, negative_count)
            select brand_id, quarter_at, post_count, scored_count, positive_count, negative_count
            from core.int_brand_quarters__counted
            order by brand_id, quarter_at
            """
        )
        return int(cur.rowcount)


@contextmanager
def _session(role: Role) -> Iterator["cursor"]:
    """A cursor in one transaction."""
    with closing(connect(role, application_name="gaung alerts")) as session, session, session.cursor() as cur:
        yield cur


def _decisions(cur: "cursor", states: Mapping[tuple[str, str], State]) -> Iterator[Decision]:
    """Everything that changes now."""
    builds = _rows(
        cur,
        """
        select build_id, status, error_message as message from ops.build
        where status in ('published', 'blocked') order by build_id desc limit 20
        """,
    )
    yield from _given(rules.of_gate(builds, states.get(("gate_failure", "gate"))))
    for source, collections in _collections(cur).items():
        yield from _given(rules.of_source(source, collections, states.get(("source_outage", source))))
    for brand_id, windows in _windows(cur).items():
        kinds: tuple[Kind, ...] = ("crisis", "drop")
        for kind in kinds:
            yield from _given(rules.of_windows(kind, windows, states.get((kind, brand_id))))


def _given(decision: Decision | None) -> Iterator[Decision]:
    if decision is not None:
        yield decision


def _collections(cur: "cursor") -> dict[str, list[dict[str, Any]]]:
    """Newest collections of each source, newest first; files that people hand in are no source."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(
        cur,
        """
        select source, status, outcome_id, error_message as message from ops.outcome
        where step = 'extract' and file_name is null and status <> 'skipped'
            and outcome_id > (select coalesce(max(outcome_id), 0) - 5000 from ops.outcome)
        order by outcome_id desc
        """,
    ):
        found.setdefault(row["source"], []).append(row)
    return found


def _windows(cur: "cursor") -> dict[str, list[dict[str, Any]]]:
    """Newest complete windows of each brand, oldest first; none before anything was published."""
    reference = _reference(cur)
    if reference is None or not _exists(cur, "marts.collection_coverage"):
        return {}
    return windows_until(cur, reference)


def windows_until(
    cur: "cursor", reference: datetime, number: int = rules.WINDOWS
) -> dict[str, list[dict[str, Any]]]:
    """The last windows of each brand before a moment, oldest first, each judged by what was before it."""
    found: dict[str, list[dict[str, Any]]] = {}
    for row in _rows(cur, _statement(), {**rules.THRESHOLDS, "windows": number, "reference": reference}):
        found.setdefault(row["brand_id"], []).append(row)
    return found


def _exists(cur: "cursor", table: str) -> bool:
    """Whether a table is there; one that models write is not, before they ran for the first time."""
    cur.execute("select to_regclass(%s) is not null", (table,))
    row = cur.fetchone()
    return bool(row and row[0])


def _reference(cur: "cursor") -> datetime | None:
    """Up to when the published data were collected: never a clock, and never after the last build."""
    cur.execute(
        """
        select least(
            max(greatest(b.collection_end_at, (b.manifest ->> 'as_of')::timestamptz)), max(u.started_at)
        )
        from (
            select build_id, started_at from ops.build
            where status = 'published' order by build_id desc limit 50
        ) as u
        inner join ops.build_batch as bb on u.build_id = bb.build_id
        inner join ops.batch as b on bb.batch_id = b.batch_id
        """
    )
    row = cur.fetchone()
    return row[0] if row else None


def _statement() -> str:
    return resources.files("gaung.alerts").joinpath("windows.sql").read_text(encoding="utf-8")


def _states(cur: "cursor") -> dict[tuple[str, str], State]:
    """The newest alert of each kind and subject."""
    rows = _rows(
        cur,
        """
        select distinct on (o.kind, o.subject)
            o.kind, o.subject, o.alert_id, o.window_at, o.evidence,
            exists (select from ops.alert as e where e.opened_alert_id = o.alert_id and e.event = 'escalate')
                as is_escalated,
            c.alert_id is null as is_open,
            coalesce(c.window_at, c.happened_at) as closed_at
        from ops.alert as o
        left join ops.alert as c on c.opened_alert_id = o.alert_id and c.event = 'close'
        where o.event = 'open'
        order by o.kind, o.subject, o.alert_id desc
        """,
    )
    return {
        (row["kind"], row["subject"]): State(
            row["alert_id"],
            row["window_at"],
            row["evidence"],
            is_escalated=row["is_escalated"],
            is_open=row["is_open"],
            closed_at=None if row["is_open"] else row["closed_at"],
        )
        for row in rows
    }


def _write(cur: "cursor", decision: Decision) -> Alert:
    """Insert one event with its words."""
    is_brand = decision.kind in ("crisis", "drop")
    timezone, name = "UTC", decision.subject
    if is_brand:
        cur.execute("select timezone, name from core.brand where brand_id = %s", (decision.subject,))
        timezone, name = cur.fetchone() or (timezone, name)
    evidence = json.loads(json.dumps(decision.evidence, default=_plain))
    told = Decision(decision.kind, decision.subject, decision.event, evidence, decision.window_at)
    cur.execute(
        """
        insert into ops.alert (
            kind, subject, brand_id, event, opened_alert_id, title_id, title_en, reason_id, reason_en,
            evidence, collection_coverage_pct, window_at
        )
        select %(kind)s, %(subject)s, %(brand)s, %(event)s,
            case when %(event)s <> 'open' then (
                select max(alert_id) from ops.alert
                where kind = %(kind)s and subject = %(subject)s and event = 'open'
            ) end,
            %(title_id)s, %(title_en)s, %(reason_id)s, %(reason_en)s, %(evidence)s, %(coverage)s, %(window)s
        returning alert_id
        """,
        {
            "kind": decision.kind,
            "subject": decision.subject,
            "brand": decision.subject if is_brand else None,
            "event": decision.event,
            "title_id": words.title(told, name, "id"),
            "title_en": words.title(told, name, "en"),
            "reason_id": words.reason(told, timezone, "id"),
            "reason_en": words.reason(told, timezone, "en"),
            "evidence": Json(evidence),
            "coverage": decision.evidence.get("collection_coverage_pct"),
            "window": decision.window_at,
        },
    )
    [alert_id] = cur.fetchone() or (0,)
    return Alert(int(alert_id), told)


def _plain(value: object) -> object:
    """Times and exact numbers as JSON holds them."""
    return value.isoformat() if isinstance(value, datetime) else float(str(value))


def _rows(cur: "cursor", query: str, parameters: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    cur.execute(query, parameters)
    names = [column.name for column in cur.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cur.fetchall()]
