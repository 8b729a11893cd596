"""Published text: every mention, phone number, e-mail address and account number hidden.

Brands' own handles stay. The rules are deterministic and versioned; masking twice changes nothing.
"""

import hashlib
import re
from collections.abc import Iterable

import pyarrow as pa

from gaung.text import versions
from gaung.text.registry import BatchFunction, Engine

ACCOUNT, EMAIL, PHONE, NUMBER, LINK = "[akun]", "[surel]", "[telepon]", "[nomor]", "[tautan]"

_SOCIAL = (
    r"(?:x|twitter|instagram|tiktok|facebook|fb|threads|youtube|linkedin|t|wa|linktr|telegram|whatsapp|bsky)"
    r"\.(?:com|net|app|me|ee|be)"
)
_PATTERN = re.compile(
    rf"""
    (?P<link>(?:https?://)?(?:[\w\-]+\.)*\b{_SOCIAL}/[^\s<>]+)
    | (?P<email>[\w.+\-]+(?:[@＠]|\s[@＠]\s)[\w\-]+(?:\.[\w\-]+)*\.[a-z]{{2,24}}\b)
    | (?P<mention>[@＠]+\w(?:[\w.\-]*\w)?(?:[@＠][\w.\-]*\w)?)
    | (?P<date>(?<!\d)\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:19|20)\d\d(?![-.]?\d))
    | (?P<account>\b(?:bca|bri|bni|bsi|btn|mandiri|cimb|permata|danamon|jago|seabank|jenius|gopay|ovo|dana
        |shopeepay|rek|rekening|norek|no\.?\s?rek|va|virtual\s+account|nik|ktp)\b(?P<between>[^\d\n]{{0,20}}?)
        (?P<digits>\d(?:[ .\-]?\d){{5,24}}))
    | (?P<phone>(?<![\w.,])\(?(?:\+\s?\d|62[\s.\-]?\d|0[\s.\-]?\d)(?:[\s.\-()/]{{0,3}}\d){{6,15}}(?!\d))
    | (?P<number>(?<!\d)\d{{10,}})
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PRICE_BEFORE = re.compile(r"(?:\brp|\bidr|[$€£])[\s.]*$", re.IGNORECASE)
MAY_HIDE = r"[@＠]|\d(?:[\s.\-()/]{0,3}\d){5}|(?i)\.(?:com|net|app|me|ee|be)/"


def mask_version(allowed: Iterable[str]) -> str:
    """Version of the masking rules together with the handles that stay visible."""
    digest = hashlib.sha256("\n".join(sorted({h.lower() for h in allowed})).encode()).hexdigest()
    return f"mask-{versions.MASK_RULES}-{digest[:12]}"


def mask_text(text: str, allowed: frozenset[str]) -> str:
    """The text with everything personal replaced by what it was, e.g. ``[telepon]``."""

    def hidden(match: re.Match[str]) -> str:
        kind, found = match.lastgroup, match.group()
        if match["account"]:
            return found[: match.start("digits") - match.start()] + NUMBER
        if kind == "date":
            return found
        if kind == "mention":
            return found if found.lstrip("@＠").lower() in allowed else ACCOUNT
        if kind == "number" and _PRICE_BEFORE.search(text, max(0, match.start() - 8), match.start()):
            return found
        return {"link": LINK, "email": EMAIL, "phone": PHONE, "number": NUMBER}[str(kind)]

    return _PATTERN.sub(hidden, text)


def engine(allowed: Iterable[str]) -> Engine:
    """The masking engine that leaves these handles visible."""
    handles = frozenset(handle.lower() for handle in allowed)
    return Engine("mask", "gaung-mask", mask_version(handles), _function(handles))


def _function(allowed: frozenset[str]) -> BatchFunction:
    def mask(batch: pa.RecordBatch) -> pa.RecordBatch:
        """Column ``text`` → column ``text_masked``, row by row; NULL stays NULL."""
        import polars as pl

        texts = pl.Series("text", batch.column("text"), dtype=pl.String)
        suspects = texts.str.contains(MAY_HIDE).fill_null(False)
        masked = texts.to_list()
        for row in suspects.arg_true().to_list():
            masked[row] = mask_text(masked[row], allowed)
        return pa.RecordBatch.from_pydict({"text_masked": pa.array(masked, pa.string())})

    return mask


def hide(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Column ``text`` → column ``text_masked`` with no handle left visible."""
    return _function(frozenset())(batch)
