"""Compares what was published, and what ``ops`` says happened, with the planted truth, exactly."""

from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gaung.demo import words
from gaung.demo.truth import HourCount, Truth

if TYPE_CHECKING:
    from psycopg2.extensions import connection

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Check:
    """One comparison: how many facts agree, and the lines that do not (planted against found)."""

    name: str
    fact_count: int
    differences: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """True if everything planted was found and nothing else; an empty comparison proves nothing."""
        return self.fact_count > 0 and not self.differences


def verify(truth: Truth) -> list[Check]:
    """Every comparison with the live marts (read as bi_reader), ``raw`` and ``ops``.

    The warehouse may hold more than the demo: only its files, brands and topics are compared.
    """
    from gaung.warehouse.connect import connect

    with closing(connect("bi_reader", autocommit=True)) as marts:
        checks = [
            _posts(truth, marts),
            _deletions(truth, marts),
            _unmatched(truth, marts),
            _brand_hours(truth, marts),
            _topic_hours(truth, marts),
        ]
    with closing(connect("transformer", autocommit=True)) as inside:
        return [*_files(truth, inside), _edits(truth, inside), _late(truth, inside), *checks]


def _rows(session: "connection", query: str, *arguments: Any) -> list[tuple[Any, ...]]:
    with session.cursor() as cursor:
        cursor.execute(query, arguments)
        return cursor.fetchall()


def compare(name: str, planted: Mapping[Any, Any], found: Mapping[Any, Any]) -> Check:
    """A check of two mappings; a key that only one side has differs as well."""
    keys = sorted({*planted, *found}, key=str)
    lines = [
        f"{_words(key)}: planted {planted.get(key, 'nothing')}, found {found.get(key, 'nothing')}"
        for key in keys
        if planted.get(key) != found.get(key)
    ]
    return Check(name, len(keys), tuple(lines))


def _words(key: Any) -> str:
    parts = key if isinstance(key, tuple) else (key,)
    return " ".join(
        part.strftime("%Y-%m-%d %H:%MZ") if isinstance(part, datetime) else str(part) for part in parts
    )


# --------------------------------------------------------------------------------------------
# ops and raw: every record of every file
# --------------------------------------------------------------------------------------------


def _files(truth: Truth, inside: "connection") -> Iterable[Check]:
    """Received, loaded, unchanged, ignored and quarantined records of each file, by kind and reason."""
    rows = _rows(
        inside,
        """
        select
            b.manifest -> 'files' -> 0 ->> 'sha256', o.received_count, o.loaded_count, o.unchanged_count,
            o.ignored, o.quarantined, b.is_synthetic
        from ops.outcome as o
        inner join ops.batch as b on o.batch_id = b.batch_id
        where o.step = 'load' and o.status = 'succeeded'
            and b.manifest -> 'files' -> 0 ->> 'sha256' = any(%s)
        """,
        [file.sha256 for file in truth.files],
    )
    by_hash = {row[0]: row[1:] for row in rows}
    for name, position in (("received", 0), ("loaded", 1), ("unchanged", 2)):
        planted = {file.name: getattr(file, name) for file in truth.files}
        found = {file.name: by_hash[file.sha256][position] for file in truth.files if file.sha256 in by_hash}
        yield compare(f"records {name} per file", planted, found)
    for name, position in (("ignored", 3), ("quarantined", 4)):
        yield compare(
            f"records {name} per file and reason",
            {
                (file.name, kind): number
                for file in truth.files
                for kind, number in getattr(file, name).items()
            },
            {
                (file.name, kind): number
                for file in truth.files
                for kind, number in by_hash.get(file.sha256, ({},) * 6)[position].items()
            },
        )
    yield compare(
        "files loaded once, labelled synthetic",
        {file.name: (1, True) for file in truth.files},
        {
            file.name: (
                sum(row[0] == file.sha256 for row in rows),
                all(row[6] for row in rows if row[0] == file.sha256),
            )
            for file in truth.files
        },
    )


def _edits(truth: Truth, inside: "connection") -> Check:
    """Posts with two living versions in ``raw``; the published text is the later one's."""
    rows = _rows(
        inside,
        """
        select platform || ' ' || post_id, count(distinct text)
        from raw.posts
        where is_synthetic and not is_deleted and post_type <> 'repost' and platform = 'x'
        group by platform, post_id
        having count(distinct text) > 1
        """,
    )
    return compare("edited posts, versions kept", dict.fromkeys(truth.edited, 2), dict(rows))


def _late(truth: Truth, inside: "connection") -> Check:
    """Posts that were first observed the day after."""
    late = next(file for file in truth.files if file.name == "x_late.json")
    rows = _rows(
        inside,
        """
        select count(*) from (
            select platform, post_id
            from raw.posts
            where is_synthetic
            group by platform, post_id
            having bool_or(is_collected) and min(first_observed_at) >= %s
        ) as collected
        """,
        late.as_of,
    )
    return compare(
        "late posts",
        {"posts first collected the day after": truth.late},
        {"posts first collected the day after": rows[0][0]},
    )


# --------------------------------------------------------------------------------------------
# marts: what readers see
# --------------------------------------------------------------------------------------------


def _posts(truth: Truth, marts: "connection") -> Check:
    planted = {
        (platform, kind): number for platform, kinds in truth.posts.items() for kind, number in kinds.items()
    }
    rows = _rows(marts, "select platform, post_type, count(*) from fct_post where is_synthetic group by 1, 2")
    return compare("posts by platform and type", planted, {row[:2]: row[2] for row in rows})


def _deletions(truth: Truth, marts: "connection") -> Check:
    rows = _rows(
        marts,
        "select count(*), count(text) from fct_post where is_synthetic and is_deleted",
    )
    planted = {"deleted posts that still count": len(truth.deleted), "texts of deleted posts": 0}
    return compare("deletions", planted, dict(zip(planted, rows[0], strict=True)))


def _unmatched(truth: Truth, marts: "connection") -> Check:
    rows = _rows(marts, "select count(*) from fct_post where is_synthetic and not is_matched")
    return compare("posts of no brand", {"posts": truth.unmatched}, {"posts": rows[0][0]})


def _brand_hours(truth: Truth, marts: "connection") -> Check:
    rows = _rows(
        marts,
        """
        select brand_id, hour_at, post_count, repost_count
        from brand_sentiment_hourly where is_synthetic and brand_id = any(%s)
        """,
        list(words.BRAND_WORDS),
    )
    return compare("posts per brand and hour", _hours(truth.brand_hours), _found(rows))


def _topic_hours(truth: Truth, marts: "connection") -> Check:
    """Hashtags and keywords by hour; ``words.BRAND_WORDS`` tells a brand's keyword."""
    rows = _rows(
        marts,
        """
        select topic_type, lower(topic), hour_at, post_count, repost_count
        from topic_trend_hourly where is_synthetic
        """,
    )
    found = {row[:3]: f"{row[3]} posts, {row[4]} reposts" for row in rows}
    planted = {("hashtag", name, hour): told for (name, hour), told in _hours(truth.topic_hours).items()} | {
        ("keyword", words.BRAND_WORDS[name][0], hour): told
        for (name, hour), told in _hours(truth.keyword_hours).items()
    }
    return compare("posts per topic and hour", planted, found)


def _hours(rows: Iterable[HourCount]) -> dict[tuple[str, datetime], str]:
    return {
        (row.name, datetime.fromisoformat(row.hour_at)): f"{row.post_count} posts, {row.repost_count} reposts"
        for row in rows
    }


def _found(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[str, datetime], str]:
    return {(row[0], row[1].astimezone(UTC)): f"{row[2]} posts, {row[3]} reposts" for row in rows}
