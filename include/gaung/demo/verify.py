"""Compares what was published, and what ``ops`` says happened, with the planted truth."""

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from gaung.demo import plan, words
from gaung.demo.check import Check, ask, compare
from gaung.demo.reasons import checks as reasons
from gaung.demo.shapes import checks as shapes
from gaung.demo.standing import checks as standing
from gaung.demo.truth import HourCount, Truth
from gaung.errors import GaungError

if TYPE_CHECKING:
    from psycopg2.extensions import connection

SHOWN = 12


def verify(truth: Truth) -> list[Check]:
    """Every comparison with the live marts (read as bi_reader), ``raw`` and ``ops``.

    The warehouse may hold more than the demo: only its files, brands and topics are compared.

    Raises:
        GaungError: nothing is published.
    """
    from gaung.warehouse.connect import connect

    with (
        closing(connect("transformer", autocommit=True)) as inside,
        closing(connect("bi_reader", autocommit=True)) as marts,
        closing(connect("publisher", autocommit=True)) as alerting,
    ):
        if not ask(inside, "select version from ops.live")[0][0]:
            raise GaungError("nothing is published yet, so there is nothing to compare; run `gaung demo run`")
        return [
            *_files(truth, inside),
            _edits(truth, inside),
            _late(truth, inside),
            _places(truth, inside),
            _snapshots(truth, inside),
            _posts(truth, marts),
            _deletions(truth, marts),
            _unmatched(truth, marts),
            _brand_hours(truth, marts),
            _topic_hours(truth, marts),
            _hidden_likes(truth, marts),
            _gap(marts),
            *shapes(truth, marts, alerting),
            *standing(truth, marts),
            *reasons(truth.meanings, marts, inside),
        ]


# --------------------------------------------------------------------------------------------
# ops and raw: every record of every file
# --------------------------------------------------------------------------------------------


def _files(truth: Truth, inside: "connection") -> Iterable[Check]:
    """Received, loaded, unchanged, ignored and quarantined records of each file, by kind and reason."""
    rows = ask(
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
    rows = ask(
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
    rows = ask(
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


def _places(truth: Truth, inside: "connection") -> Check:
    """Posts that name a place; a repost has none of its own."""
    rows = ask(
        inside,
        """
        select platform, count(distinct post_id) from raw.posts
        where is_synthetic and is_collected and place_name is not null and created_at >= %s group by 1
        """,
        plan.START,
    )
    return compare("posts that name a place", truth.places, dict(rows))


def _snapshots(truth: Truth, inside: "connection") -> Check:
    """Followers of the brands' accounts at each time when they were looked up."""
    planted = {
        (one.platform, one.account_id, datetime.fromisoformat(one.observed_at)): one.followers
        for one in truth.snapshots
    }
    rows = ask(
        inside,
        """
        select platform, author_id, observed_at, followers from raw.author_metrics where author_id = any(%s)
        """,
        sorted({one.account_id for one in truth.snapshots}),
    )
    found = {(row[0], row[1], row[2].astimezone(UTC)): row[3] for row in rows}
    looked_up = {key: found[key] for key in planted if key in found}
    return compare("followers of the brands, by time", planted, looked_up)


# --------------------------------------------------------------------------------------------
# marts: what readers see
# --------------------------------------------------------------------------------------------


def _posts(truth: Truth, marts: "connection") -> Check:
    planted = {
        (platform, kind): number for platform, kinds in truth.posts.items() for kind, number in kinds.items()
    }
    rows = ask(marts, "select platform, post_type, count(*) from fct_post where is_synthetic group by 1, 2")
    return compare("posts by platform and type", planted, {row[:2]: row[2] for row in rows})


def _deletions(truth: Truth, marts: "connection") -> Check:
    rows = ask(
        marts,
        "select count(*), count(text) from fct_post where is_synthetic and is_deleted",
    )
    planted = {"deleted posts that still count": len(truth.deleted), "texts of deleted posts": 0}
    return compare("deletions", planted, dict(zip(planted, rows[0], strict=True)))


def _unmatched(truth: Truth, marts: "connection") -> Check:
    rows = ask(marts, "select count(*) from fct_post where is_synthetic and not is_matched")
    return compare("posts of no brand", {"posts": truth.unmatched}, {"posts": rows[0][0]})


def _hidden_likes(truth: Truth, marts: "connection") -> Check:
    """Likes that a platform does not show are absent, not zero."""
    rows = ask(
        marts,
        """
        select platform, count(*) from fct_post
        where is_synthetic and post_type <> 'repost' and likes is null and created_at >= %s group by 1
        """,
        plan.START,
    )
    return compare("posts with hidden likes", truth.hidden_likes, dict(rows))


def _gap(marts: "connection") -> Check:
    """Nothing of X where nothing was collected; other platforms went on."""
    first, after = (
        plan.START + hour * timedelta(hours=1) for hour in (plan.GAP_HOURS.start, plan.GAP_HOURS.stop)
    )
    rows = ask(
        marts,
        """
        select count(*) filter (where platform = 'x') from fct_post
        where is_synthetic and created_at >= %s and created_at < %s
        """,
        first,
        after,
    )
    return compare("posts of X in the gap", {"posts": 0}, {"posts": rows[0][0]})


def _brand_hours(truth: Truth, marts: "connection") -> Check:
    rows = ask(
        marts,
        """
        select brand_id, hour_at, post_count, repost_count
        from brand_sentiment_hourly where is_synthetic and brand_id = any(%s)
        """,
        list(words.EVERY_BRAND),
    )
    return compare("posts per brand and hour", _hours(truth.brand_hours), _found(rows))


def _topic_hours(truth: Truth, marts: "connection") -> Check:
    """Hashtags and keywords by hour; ``words.EVERY_BRAND`` tells a brand's keyword."""
    rows = ask(
        marts,
        """
        select topic_type, lower(topic), hour_at, post_count, repost_count
        from topic_trend_hourly where is_synthetic
        """,
    )
    found = {row[:3]: f"{row[3]} posts, {row[4]} reposts" for row in rows}
    planted = {("hashtag", name, hour): told for (name, hour), told in _hours(truth.topic_hours).items()} | {
        ("keyword", words.EVERY_BRAND[name][0], hour): told
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
