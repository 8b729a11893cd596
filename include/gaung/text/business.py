"""What small businesses do: whether a text is by or about one, and which activity a post shows.

Rules as points (``data/rules/relevance.csv``, ``activity.csv``, see :mod:`gaung.text.points`), over
the text with its hashtags; a caller may join bio, category and text parts to it. Each abstains:
the label is NULL with a reason where the evidence is weak or divided.
"""

import polars as pl
import pyarrow as pa

from gaung.text import industry, points, spoken

ACTIVITIES = (
    "promotion",
    "new_product",
    "discount",
    "production",
    "testimonial",
    "order_shipping",
    "hiring",
    "event",
    "education",
    "other",
)
MSME, OTHER = "msme", "other"


def relevance(batch: pa.RecordBatch, words: pl.DataFrame | None = None) -> pa.RecordBatch:
    """Column ``text`` → ``relevance`` (msme, other or NULL), ``points, reason``; same rows, same order.

    ``msme`` from two points on; ``other`` when nothing speaks for a small business; NULL with the
    reason ``uncertain`` between them, ``no_text`` without words. ``words`` as in :func:`classify`.
    """
    words = _words(batch) if words is None else words
    found = points.scores(points.found(words, "relevance")).select("row", "points")
    frame = _rows(batch.num_rows, words).join(found, on="row", how="left", maintain_order="left")
    total = pl.col("points").fill_null(0)
    label = pl.when(total >= points.ENOUGH).then(pl.lit(MSME)).when(total <= 0).then(pl.lit(OTHER))
    return _labelled(frame.with_columns(points=total, label=label), "relevance")


def classify(batch: pa.RecordBatch, words: pl.DataFrame | None = None) -> pa.RecordBatch:
    """Column ``text`` → the three classes, each with ``<class>_reason``; same rows, same order.

    ``industry_reason`` is ``no_known_word``, ``divided`` between equals, or ``no_text``.

    Args:
        batch: the texts.
        words: what :func:`gaung.text.spoken.words` says of them, where the caller has it already.
    """
    words = _words(batch) if words is None else words
    relevant, active, trade = relevance(batch, words), activity(batch, words), industry.classify(batch)
    found = pl.DataFrame(
        {
            "industry": trade.column("industry").to_pylist(),
            "would_be": trade.column("would_be").to_pylist(),
            "silent": relevant.column("reason").to_pylist(),
        },
        schema=dict.fromkeys(("industry", "would_be", "silent"), pl.String),
    )
    # without any listed word the guess is ``other``; between equals it is one of them, and that one last
    reason = (
        pl.when(pl.col("industry").is_not_null())
        .then(pl.lit(None, dtype=pl.String))
        .when(pl.col("silent") == "no_text")
        .then(pl.lit("no_text"))
        .when(pl.col("would_be") == "other")
        .then(pl.lit("no_known_word"))
        .otherwise(pl.lit("divided"))
    )
    reasons = found.select(reason=reason)["reason"].to_list()
    return pa.RecordBatch.from_pydict(
        {
            "relevance": relevant.column("relevance"),
            "relevance_reason": relevant.column("reason"),
            "industry": trade.column("industry"),
            "industry_reason": pa.array(reasons, pa.string()),
            "activity": active.column("activity"),
            "activity_reason": active.column("reason"),
        }
    )


def activity(batch: pa.RecordBatch, words: pl.DataFrame | None = None) -> pa.RecordBatch:
    """Column ``text``, a business's post, → ``activity`` (or NULL), ``points, reason``; same order.

    The activity with the most points, from two on; ``other`` when no activity has that many. NULL with
    the reason ``divided`` between equals, ``uncertain`` when a business speaks ("kami", "yuk") and
    nothing tells of what, ``no_text`` without words. ``words`` as in :func:`classify`.
    """
    words = _words(batch) if words is None else words
    hits = points.found(words, "activity")
    is_voice = (pl.col("class") == points.ANY) & (pl.col("points") > 0)
    voices = hits.filter(is_voice).select("row", speaks=pl.lit(True)).unique()
    best = (
        points.scores(hits)
        .sort("row", "points", "class", descending=[False, True, False])
        .group_by("row", maintain_order=True)
        .agg(
            pl.col("class").first(),
            pl.col("points").first(),
            rivals=(pl.col("points") == pl.col("points").max()).sum(),
        )
    )
    frame = _rows(batch.num_rows, words)
    for part in (best, voices):
        frame = frame.join(part, on="row", how="left", maintain_order="left")
    enough = pl.col("points").fill_null(0) >= points.ENOUGH
    is_divided = enough & (pl.col("rivals") > 1)
    label = (
        pl.when(enough & ~is_divided)
        .then("class")
        .when(~enough & pl.col("speaks").is_null())
        .then(pl.lit(OTHER))
    )
    return _labelled(frame.with_columns(label=label, is_divided=is_divided), "activity")


def _words(batch: pa.RecordBatch) -> pl.DataFrame:
    return spoken.words(pl.Series("text", batch.column("text"), dtype=pl.String))


def _rows(size: int, words: pl.DataFrame) -> pl.DataFrame:
    """``row, has_words``: one row per text."""
    spoken_rows = (
        words.filter(pl.col("word").str.contains(r"\p{L}")).select("row", has_words=pl.lit(True)).unique()
    )
    rows = pl.DataFrame({"row": pl.int_range(size, dtype=pl.UInt32, eager=True)})
    return rows.join(spoken_rows, on="row", how="left", maintain_order="left")


def _labelled(frame: pl.DataFrame, name: str) -> pa.RecordBatch:
    divided = pl.col("is_divided") if "is_divided" in frame.columns else pl.lit(False)
    silent = pl.col("has_words").is_null()
    label = pl.when(~silent).then(pl.col("label"))
    result = frame.select(
        pl.col("points").fill_null(0).cast(pl.Int32),
        label=label,
        reason=pl.when(silent)
        .then(pl.lit("no_text"))
        .when(label.is_not_null())
        .then(pl.lit(None, dtype=pl.String))
        .when(divided)
        .then(pl.lit("divided"))
        .otherwise(pl.lit("uncertain")),
    )
    return pa.RecordBatch.from_pydict(
        {
            name: pa.array(result["label"].to_list(), pa.string()),
            "points": pa.array(result["points"].to_list(), pa.int32()),
            "reason": pa.array(result["reason"].to_list(), pa.string()),
        }
    )
