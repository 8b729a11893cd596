"""Texts as Arrow batches that any task takes."""

from collections.abc import Sequence

import pyarrow as pa

REPLACEMENT = "\ufffd"


def as_batch(texts: Sequence[str | None], **columns: Sequence[str | None]) -> pa.RecordBatch:
    """A batch with column ``text`` (and further text columns), one row per text.

    What Arrow or Postgres cannot hold (lone surrogates, NUL) becomes U+FFFD.
    """
    arrays = {"text": pa.array([_holdable(text) for text in texts], pa.string())}
    arrays |= {name: pa.array(values, pa.string()) for name, values in columns.items()}
    return pa.RecordBatch.from_pydict(arrays)


def _holdable(text: str | None) -> str | None:
    if text is None:
        return None
    text = text.replace("\0", REPLACEMENT)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        text = "".join(REPLACEMENT if "\ud800" <= c <= "\udfff" else c for c in text)
    return text
