"""Enrichment of pending posts: keys, language, sentiment, masked text, brands, topics.

The cost follows the pending posts. Three changes of declarations can make further posts pending:
a brand (its posts are matched again), a brand's time zone (its days move), a text engine (every
text is scored beside the old version; the new one becomes active at full coverage, in this one
build). A text is scored once per distinct text and engine version.
"""

import io
import logging
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from gaung import keys, scores
from gaung.brands.config import Brands, load
from gaung.errors import SettingsInvalid
from gaung.text.registry import Task
from gaung.warehouse import builds
from gaung.warehouse.connect import connect

if TYPE_CHECKING:
    import polars as pl
    from psycopg2.extensions import connection, cursor

log = logging.getLogger(__name__)

CHUNK = 20_000
"""Posts or texts held in memory at once."""

TARGET_TYPES = ("keyword", "hashtag", "target")
"""Kinds of a brand's terms whose coverage is published."""

MATCH_TABLES = ("core.post_brand", "core.post_topic", "core.post_target")
"""What is found in each post, written anew whenever it is pending."""

PENDING_POST = "select from core.pending_post as w where w.platform = p.platform and w.post_id = p.post_id"
PENDING_AUTHOR = (
    "select from core.pending_author as w where w.platform = a.platform and w.author_id = a.author_id"
)
KNOWN_AUTHOR = "select from core.author as k where k.platform = a.platform and k.author_id = a.author_id"
ACTIVATE = """
    insert into core.active_engine (task, engine_version) values (%s, %s)
    on conflict (task) do update set engine_version = excluded.engine_version
"""
TEXTS = "core.post_text as p"
OF_BRANDS = (
    "select from core.post_brand as b "
    "where b.platform = p.platform and b.post_id = p.post_id and b.brand_id = any(%s)"
)
OF_PENDING = "core.post as p join core.pending_post as w on w.platform = p.platform and w.post_id = p.post_id"
TEXTS_OF_PENDING = """
    core.pending_post as w cross join lateral (
        select t.text_hash, t.text from core.post_text as t
        where t.platform = w.platform and t.post_id = w.post_id
        offset 0  -- post by post: the view, a union, is never made for all posts
    ) as p
"""


@dataclass
class EnrichCounts:
    """What one enrichment did.

    Attributes:
        posts_enriched: pending posts whose brands and topics were written anew.
        posts_added: posts that became pending because a brand, time zone or engine changed.
        texts_scored: distinct texts that an engine scored now.
        texts_reused: distinct texts of pending posts that had every score already.
        texts_masked: distinct texts masked now.
        keys_made: new keys of posts and authors.
        brand_matches: rows of post × brand written.
        topics: rows of post × topic written.
        posts_unmatched: pending posts of no brand.
        brands_unknown: declared brands of files that brands.yml does not know.
    """

    posts_enriched: int = 0
    posts_added: int = 0
    texts_scored: int = 0
    texts_reused: int = 0
    texts_masked: int = 0
    keys_made: int = 0
    brand_matches: int = 0
    topics: int = 0
    posts_unmatched: int = 0
    brands_unknown: int = 0


def run(build_id: int, token: str) -> EnrichCounts:
    """What enrichment of this build's pending posts did; running it again changes nothing.

    The caller holds the build lock (``builds.stage``); every transaction here is fenced.

    Raises:
        SettingsInvalid: brands.yml or the secret cannot be used as written.
        BuildFenced: another build took over.
    """
    brands = load()
    counts = EnrichCounts()
    with closing(connect("transformer", application_name=f"gaung enrich {build_id}")) as session:
        work = _Work(session, build_id, token, brands, scores.versions(brands), counts)
        _add_changed(work)
        _sync_brands(work)
        _give_keys(work)
        _score(work, TEXTS_OF_PENDING)
        _match_pending(work)
        _activate(work)
    log.info("enriched %s", asdict(counts))
    return counts


@dataclass(frozen=True)
class _Work:
    """What every step needs."""

    session: "connection"
    build_id: int
    token: str
    brands: Brands
    versions: dict[Task, str]
    counts: EnrichCounts

    def transaction(self) -> "_Transaction":
        """A fenced transaction with its cursor."""
        return _Transaction(self)


class _Transaction:
    """A cursor in a transaction that only this build's holder can commit."""

    def __init__(self, work: _Work) -> None:
        self.work = work

    def __enter__(self) -> "cursor":
        self.cursor = self.work.session.cursor()
        builds.fence(self.cursor, self.work.build_id, self.work.token)
        return self.cursor

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self.cursor.close()
        if kind is None:
            self.work.session.commit()
        else:
            self.work.session.rollback()


# --- what changed ---------------------------------------------------------------------------------


def _add_changed(work: _Work) -> None:
    """Make the posts pending that a changed brand, time zone, account or engine touches."""
    with work.transaction() as cur:
        cur.execute("select brand_id, matcher_hash, timezone from core.brand")
        known = {brand_id: (matcher, zone) for brand_id, matcher, zone in cur.fetchall()}
        cur.execute("select task, engine_version from core.active_engine")
        active: dict[str, str] = dict(cur.fetchall())
    declared = {brand.id: brand for brand in work.brands.brands}
    rematch = [
        brand_id
        for brand_id in sorted(known.keys() | declared.keys())
        if brand_id not in known
        or brand_id not in declared
        or known[brand_id][0] != declared[brand_id].matcher_hash
    ]
    moved = [b for b in sorted(known.keys() & declared.keys()) if known[b][1] != declared[b].timezone]
    if rematch:
        _add_rematched(work, rematch)
    if moved:
        _add_pending(work, "select platform, post_id from core.post_brand where brand_id = any(%s)", (moved,))
    _add_retargeted(work)
    _add_accounts(work)
    _add_profiled(work, active.get("profiles"))
    if any(active.get(task, version) != version for task, version in work.versions.items()):
        _add_rescored(work, active)


def _add_pending(work: _Work, query: str, parameters: tuple[Any, ...]) -> None:
    """Make the posts of a query pending; the query names platform and post_id."""
    with work.transaction() as cur:
        cur.execute(
            f"""
            insert into core.pending_post (platform, post_id)
            select distinct platform, post_id from ({query}) as touched order by 1, 2
            on conflict do nothing
            """,  # noqa: S608 - queries of this file
            parameters,
        )
        work.counts.posts_added += cur.rowcount


def _add_rematched(work: _Work, brand_ids: list[str]) -> None:
    """Match every post that is not pending with the changed brands; those that differ become pending."""
    import polars as pl

    from gaung.brands import kept, matching

    where = f"not exists ({PENDING_POST})"
    columns = [*matching.KEY, "brand_id", "matched_by", "matched_term"]
    for posts in posts_to_match(where):
        found = kept.match(posts, work.brands, only=brand_ids).select(columns)
        with work.transaction() as cur:
            cur.execute(
                """
                select platform, post_id, brand_id, matched_by, matched_term
                from core.post_brand
                join unnest(%s, %s) as asked (platform, post_id) using (platform, post_id)
                where brand_id = any(%s)
                """,
                (posts["platform"].to_list(), posts["post_id"].to_list(), brand_ids),
            )
            stored = pl.DataFrame(cur.fetchall(), dict.fromkeys(columns, pl.String), orient="row")
            changed = pl.concat(
                [found.join(stored, on=columns, how="anti"), stored.join(found, on=columns, how="anti")]
            )
            rows = changed.select(matching.KEY).unique().sort(matching.KEY)
            work.counts.posts_added += merge(cur, rows, "core.pending_post")


def _add_retargeted(work: _Work) -> None:
    """Posts of brands whose words changed that hold other target terms now become pending."""
    import polars as pl

    from gaung.brands import matching

    kinds = list(TARGET_TYPES)
    with work.transaction() as cur:
        cur.execute("select brand_id, kind, term from core.brand_term where kind = any(%s)", (kinds,))
        known = set(cur.fetchall())
    declared = _terms(work.brands).filter(pl.col("kind").is_in(kinds))
    listed = set(declared.select("brand_id", "kind", "term").rows())
    brand_ids = sorted({brand_id for brand_id, *_ in known ^ listed})
    columns = [*matching.KEY, "brand_id", "target_type", "target"]
    if not brand_ids:
        return
    where = f"not exists ({PENDING_POST}) and exists ({OF_BRANDS})"
    for posts in posts_to_match(where, (brand_ids,)):
        with work.transaction() as cur:
            matches = _stored(cur, posts, "core.post_brand", [*matching.KEY, "brand_id"])
            stored = _stored(cur, posts, "core.post_target", columns)
            stored = stored.filter(pl.col("brand_id").is_in(brand_ids))
            found = matching.targets(posts, work.brands, only=brand_ids)
            found = found.join(matches, on=[*matching.KEY, "brand_id"], how="semi").select(columns)
            changed = [found.join(stored, on=columns, how="anti"), stored.join(found, on=columns, how="anti")]
            rows = pl.concat(changed).select(matching.KEY).unique().sort(matching.KEY)
            work.counts.posts_added += merge(cur, rows, "core.pending_post")


def _stored(cur: "cursor", posts: "pl.DataFrame", table: str, columns: list[str]) -> "pl.DataFrame":
    """What a table of core holds of these posts."""
    import polars as pl

    cur.execute(
        f"""
        select {", ".join(columns)} from {table}
        join unnest(%s, %s) as asked (platform, post_id) using (platform, post_id)
        """,  # noqa: S608 - names of this file
        (posts["platform"].to_list(), posts["post_id"].to_list()),
    )
    return pl.DataFrame(cur.fetchall(), dict.fromkeys(columns, pl.String), orient="row")


def _add_accounts(work: _Work) -> None:
    """Posts of pending authors that took, or gave up, the handle of a brand."""
    handles = sorted(
        (platform, handle, brand.id)
        for brand in work.brands.brands
        for platform, own in brand.handles.items()
        for handle in own
    )
    _add_pending(
        work,
        """
        with own as (
            select a.platform, a.author_id, h.brand_id
            from core.pending_author as w
            join core.author as a on w.platform = a.platform and w.author_id = a.author_id
            join unnest(%s::text[], %s::text[], %s::text[]) as h (platform, handle, brand_id)
                on a.platform = h.platform and lower(ltrim(a.handle, '@')) = h.handle
        )
        select p.platform, p.post_id
        from own as o
        join core.post as p on o.platform = p.platform and o.author_id = p.author_id
        where not exists (
            select from core.post_brand as b
            where b.platform = p.platform and b.post_id = p.post_id and b.brand_id = o.brand_id
                and b.matched_by in ('file', 'author')
        )
        union
        select p.platform, p.post_id
        from core.pending_author as w
        join core.post as p on w.platform = p.platform and w.author_id = p.author_id
        join core.post_brand as b on p.platform = b.platform and p.post_id = b.post_id
        where b.matched_by = 'author' and not exists (
            select from own as o
            where o.platform = w.platform and o.author_id = w.author_id and o.brand_id = b.brand_id
        )
        """,
        tuple(list(column) for column in zip(*handles, strict=True)) or ([], [], []),
    )


def _add_profiled(work: _Work, active: str | None) -> None:
    """Judge the profiles of pending authors; posts become pending whose account is another business."""
    from gaung import profiles

    everyone = active != profiles.version()
    where = "true" if everyone else f"exists ({PENDING_AUTHOR})"
    with work.transaction() as cur:
        cur.execute(f"delete from core.author_business as a where {where} and not exists ({KNOWN_AUTHOR})")  # noqa: S608
    for rows in _chunks(f"{profiles.SELECT} where {where} order by a.platform, a.author_id"):
        judged = profiles.judge(rows)
        with work.transaction() as cur:
            cur.execute(
                "create temporary table judged on commit drop as select * from core.author_business limit 0"
            )
            cur.copy_expert(
                f"copy judged ({', '.join(judged.columns)}) from stdin with (format csv)",
                io.StringIO(_csv(judged)),
            )
            cur.execute(profiles.KEEP)
            work.counts.posts_added += cur.rowcount
    with work.transaction() as cur:
        cur.execute(ACTIVATE, ("profiles", profiles.version()))


def _add_rescored(work: _Work, active: dict[str, str]) -> None:
    """Score every text beside the active version; posts whose result differs become pending."""
    _score(work, TEXTS)
    joins, differences, parameters = [], [], []
    for task in scores.TASKS:
        old, new = f"{task.name}_old", f"{task.name}_new"
        joins += [
            f"left join core.{task.table} as {name} "
            f"on p.text_hash = {name}.text_hash and {name}.{task.version_column} = %s"
            for name in (old, new)
        ]
        before, after = (", ".join(f"{name}.{column}" for column in task.columns) for name in (old, new))
        differences.append(f"({before}) is distinct from ({after})")
        parameters += [active.get(task.name), work.versions[task.name]]
    query = f"""
        select p.platform, p.post_id
        from core.post_text as p
        {" ".join(joins)}
        where {" or ".join(differences)}
    """  # noqa: S608 - names of gaung.scores
    _add_pending(work, query, tuple(parameters))


# --- brands and keys ------------------------------------------------------------------------------


def _sync_brands(work: _Work) -> None:
    """Make core.brand, core.brand_term and core.declared_topic say what brands.yml says."""
    import polars as pl

    from gaung.text import fold

    brands = work.brands
    tags = [t for b in brands.brands for t in b.hashtags] + [t for w in brands.watch for t in w.hashtags]
    named = [("keyword", word) for word in brands.topic_keywords] + [("hashtag", tag) for tag in tags]
    topics = pl.DataFrame(named, {"topic_type": pl.String, "topic": pl.String}, orient="row")
    topics = topics.with_columns(fold.topic(pl.col("topic"))).unique().sort("topic_type", "topic")
    terms = _terms(brands)
    with work.transaction() as cur:
        cur.execute("delete from core.brand where brand_id <> all(%s)", ([b.id for b in brands.brands],))
        for brand in brands.brands:
            cur.execute(
                """
                insert into core.brand (
                    brand_id, client, name, timezone, languages, competitors, is_synthetic, matcher_hash
                ) values (%s, %s, %s, %s, %s, %s, %s, %s)
                on conflict (brand_id) do update set
                    client = excluded.client, name = excluded.name, timezone = excluded.timezone,
                    languages = excluded.languages, competitors = excluded.competitors,
                    is_synthetic = excluded.is_synthetic, matcher_hash = excluded.matcher_hash
                """,
                (
                    brand.id,
                    brand.client,
                    brand.name,
                    brand.timezone,
                    sorted(brand.languages),
                    sorted(brand.competitors),
                    brand.is_synthetic,
                    brand.matcher_hash,
                ),
            )
        cur.execute("delete from core.brand_term")
        cur.executemany(
            "insert into core.brand_term (brand_id, kind, platform, term) values (%s, %s, %s, %s)",
            terms.rows(),
        )
        cur.execute("delete from core.panel_member")
        cur.executemany(
            """
            insert into core.panel_member (panel_id, brand_id, series_id, first_date, last_date)
            values (%s, %s, %s, %s, %s)
            """,
            [
                (brand.id, member, period.series_id, period.first_date, period.last_date)
                for brand in brands.brands
                for period in brand.panel
                for member in period.members
            ],
        )
        cur.execute("delete from core.declared_topic")
        cur.executemany("insert into core.declared_topic (topic_type, topic) values (%s, %s)", topics.rows())


def _terms(brands: Brands) -> "pl.DataFrame":
    """All entries of all brands, spelt as topics are."""
    import polars as pl

    from gaung.brands import matching
    from gaung.text import fold

    listed = [(t.brand_id, t.kind, t.platform, t.term) for b in brands.brands for t in matching.terms(b)]
    names = ("brand_id", "kind", "platform", "term")
    frame = pl.DataFrame(listed, dict.fromkeys(names, pl.String), orient="row")
    return frame.with_columns(fold.topic(pl.col("term"))).unique().sort(names)


def _forget_old_keys(work: _Work) -> None:
    """Drop every key when the secret was replaced; a full build makes them anew.

    Raises:
        SettingsInvalid: the secret was replaced, and this build would publish old keys beside new ones.
    """
    with work.transaction() as cur:
        cur.execute("select platform, post_id, post_key from core.post_key order by 1, 2 limit 1")
        post: Any = cur.fetchone()
        cur.execute("select platform, author_id, author_key from core.author_key order by 1, 2 limit 1")
        author: Any = cur.fetchone()
        if (not post or keys.post_key(*post[:2]) == post[2]) and (
            not author or keys.author_key(*author[:2]) == author[2]
        ):
            return
        cur.execute("select mode from ops.build where build_id = %s", (work.build_id,))
        mode: Any = cur.fetchone()
        if mode[0] != "full":
            raise SettingsInvalid(
                f"{keys.secret_path()} is not the secret that the keys in the warehouse were made with: "
                "restore it from a backup, or run `gaung build --full`, which replaces every key"
            )
        cur.execute("delete from core.post_key")
        cur.execute("delete from core.author_key")
        log.warning("the secret was replaced: all keys of posts and authors are made anew")


def _give_keys(work: _Work) -> None:
    """Keys for pending posts and authors, and for the authors of pending posts, that have none."""
    _forget_old_keys(work)
    posts = """
        select platform, post_id from core.pending_post as w
        where not exists (
            select from core.post_key as k where k.platform = w.platform and k.post_id = w.post_id
        )
        order by 1, 2
    """
    authors = f"""
        select platform, author_id from (
            select platform, author_id from core.pending_author
            union
            select p.platform, p.author_id from {OF_PENDING} where p.author_id is not null
        ) as w
        where not exists (
            select from core.author_key as k where k.platform = w.platform and k.author_id = w.author_id
        )
        order by 1, 2
    """  # noqa: S608 - a constant
    _give(work, posts, ("platform", "post_id", "post_key"), "core.post_key", keys.post_keys)
    _give(work, authors, ("platform", "author_id", "author_key"), "core.author_key", keys.author_keys)


def _give(work: _Work, query: str, columns: tuple[str, str, str], table: str, make: Any) -> None:
    import polars as pl

    schema = dict.fromkeys(columns, pl.String)
    for rows in _chunks(query):
        made = [(*row, key) for row, key in zip(rows, make(rows), strict=True)]
        with work.transaction() as cur:
            work.counts.keys_made += merge(cur, pl.DataFrame(made, schema, orient="row"), table)


# --- text -----------------------------------------------------------------------------------------


def _score(work: _Work, source: str) -> None:
    """Score the distinct texts of a source for each task that lacks them under this build's version."""
    scored_before = work.counts.texts_scored
    for rows in lacking(source, work.versions):
        _score_rows(work, rows)
        log.info("%s texts scored so far", work.counts.texts_scored)
    if source == TEXTS_OF_PENDING:
        work.counts.texts_reused += _distinct_pending(work) - (work.counts.texts_scored - scored_before)


def lacking(source: str, versions: dict[Task, str]) -> Iterator[list[tuple[Any, ...]]]:
    """Texts of a source that a task has not scored under its version, in chunks and in order of their hash.

    Rows as :func:`scored` takes them: hash, text, language, and per task whether it is to score it.
    """
    needs = ", ".join(f"{task.name}.text_hash is null as needs_{task.name}" for task in scores.TASKS)
    query = f"""
        select t.text_hash, t.text, language.lang, {needs}
        from {texts_with_scores(source)}
        where {" or ".join(f"{task.name}.text_hash is null" for task in scores.TASKS)}
        order by t.text_hash
    """  # noqa: S608 - names of this file and of gaung.scores
    return _chunks(query, tuple(versions[task.name] for task in scores.TASKS), chunk=CHUNK)


def texts_with_scores(source: str) -> str:
    """The distinct texts ``t`` of a source beside each task's scores; one parameter per task, its version."""
    joins = " ".join(
        f"left join core.{task.table} as {task.name} "
        f"on t.text_hash = {task.name}.text_hash and {task.name}.{task.version_column} = %s"
        for task in scores.TASKS
    )
    return f"(select p.text_hash, min(p.text) as text from {source} group by p.text_hash) as t {joins}"  # noqa: S608


def _distinct_pending(work: _Work) -> int:
    with work.transaction() as cur:
        cur.execute(
            f"select count(distinct p.text_hash) from {TEXTS_OF_PENDING}"  # noqa: S608 - a constant
        )
        row: Any = cur.fetchone()
    return int(row[0])


def _score_rows(work: _Work, rows: list[tuple[Any, ...]]) -> None:
    found = scored(rows, work.brands, work.versions)
    with work.transaction() as cur:
        for table, part in found.items():
            merge(cur, part, f"core.{table}")
    masked = found.pop("text_masked")
    work.counts.texts_masked += len(masked)
    work.counts.texts_scored += len({key for part in found.values() for key in part["text_hash"]})


def scored(
    rows: list[tuple[Any, ...]], brands: Brands, versions: dict[Task, str]
) -> dict[str, "pl.DataFrame"]:
    """The rows of each table in ``core`` for texts of :func:`lacking`, by table."""
    import polars as pl

    needs = {f"needs_{task.name}": pl.Boolean for task in scores.TASKS}
    schema = {"text_hash": pl.String, "text": pl.String, "lang": pl.String} | needs
    texts = scores.Texts(pl.DataFrame(rows, schema, orient="row"))
    found: dict[str, pl.DataFrame] = {}
    for task in scores.TASKS:
        asked = texts.where(texts.frame[f"needs_{task.name}"])
        found[task.table] = task.rows(asked, brands, versions[task.name])
        if task.name == "language":
            told = found[task.table].select("text_hash", "lang")
            texts.frame = texts.frame.update(told, on="text_hash")
    return found


# --- brands and topics of posts -------------------------------------------------------------------


def _match_pending(work: _Work) -> None:
    """Write brands and topics of every pending post anew."""
    from gaung.brands import kept, matching

    where = f"exists ({PENDING_POST})"
    counts = work.counts
    unknown: set[str] = set()
    ids = {brand.id for brand in work.brands.brands}
    for posts in posts_to_match(where):
        found = kept.match(posts, work.brands)
        topics = kept.topics(posts, work.brands.topic_keywords)
        targets = matching.targets(posts, work.brands)
        targets = targets.join(found, on=[*matching.KEY, "brand_id"], how="semi")
        unknown |= set(posts["declared"].explode().drop_nulls().to_list()) - ids
        with work.transaction() as cur:
            for table in MATCH_TABLES:
                cur.execute(
                    f"""
                    delete from {table} as t using unnest(%s, %s) as asked (platform, post_id)
                    where t.platform = asked.platform and t.post_id = asked.post_id
                    """,  # noqa: S608 - names of this file
                    (posts["platform"].to_list(), posts["post_id"].to_list()),
                )
            counts.brand_matches += merge(cur, found, "core.post_brand")
            counts.topics += merge(cur, topics, "core.post_topic")
            merge(cur, targets, "core.post_target")
        counts.posts_enriched += len(posts)
        counts.posts_unmatched += len(posts.join(found, on=matching.KEY, how="anti"))
    _forget_gone(work)
    counts.brands_unknown = len(unknown)
    if unknown:
        log.warning(
            "files were ingested for brands that brands.yml does not know: %s", ", ".join(sorted(unknown))
        )


def _forget_gone(work: _Work) -> None:
    """Brands and topics of pending posts that core does not hold any more."""
    with work.transaction() as cur:
        for table in MATCH_TABLES:
            cur.execute(
                f"""
                delete from {table} as t using core.pending_post as w
                where t.platform = w.platform and t.post_id = w.post_id
                    and not exists (
                        select from core.post as p where p.platform = w.platform and p.post_id = w.post_id
                    )
                """  # noqa: S608 - names of this file
            )


def _activate(work: _Work) -> None:
    """Make this build's versions the ones that the marts show; every text they need is scored."""
    with work.transaction() as cur:
        cur.executemany(
            ACTIVATE,
            list(work.versions.items()),
        )


# --- reading and writing --------------------------------------------------------------------------


def posts_to_match(
    where: str, parameters: tuple[Any, ...] = (), *, chunk: int = CHUNK
) -> Iterator["pl.DataFrame"]:
    """Posts as matching reads them, in key order; deleted ones with the text of their last living version.

    Columns ``kept.POST``; of erased words stands what they decided.

    Args:
        where: a condition on ``p`` (core.post), of this code, never of a user.
        parameters: of the condition.
        chunk: posts per frame.
    """
    import polars as pl

    from gaung.brands import kept
    from gaung.erasure.words import MARK

    query = f"""
        select
            p.platform,
            p.post_id,
            case when p.is_deleted then d.text else p.text end as text,
            coalesce(p.hashtags, '{{}}') as hashtags,
            coalesce(p.mentions, '{{}}') as mentions,
            a.handle as author_handle,
            array(
                select b.brand_id from raw.post_declared_brand as b
                where b.platform = p.platform and b.post_id = p.post_id order by b.brand_id
            ) as declared,
            e.brands::text as kept_brands,
            e.topics::text as kept_topics
        from core.post as p
        left join core.author as a on p.platform = a.platform and p.author_id = a.author_id
        left join lateral (
            select v.text from core.post_living_text as v
            where p.is_deleted and v.platform = p.platform and v.post_id = p.post_id
            offset 0  -- post by post: the view is never made for all posts
        ) as d on true
        left join raw.erased_text as e
            on p.platform = e.platform and p.post_id = e.post_id
            and coalesce(case when p.is_deleted then d.text else p.text end, %s) = %s
        where {where}
        order by p.platform, p.post_id
    """  # noqa: S608 - conditions of this code
    for rows in _chunks(query, (MARK, MARK, *parameters), chunk=chunk):
        yield pl.DataFrame(rows, kept.POST, orient="row")


def _chunks(
    query: str, parameters: tuple[Any, ...] = (), *, chunk: int = CHUNK
) -> Iterator[list[tuple[Any, ...]]]:
    """Rows of a query in chunks of bounded size, all of one snapshot; the caller may commit in between."""
    with (
        closing(connect("transformer", application_name="gaung enrich read")) as reader,
        reader.cursor(name="enrich") as cur,
    ):
        with reader.cursor() as plain:
            # all rows are fetched: no plan that walks whole tables to have the first ones soon
            plain.execute("set cursor_tuple_fraction = 1")
        cur.itersize = chunk
        cur.execute(query, parameters or None)
        while rows := cur.fetchmany(chunk):
            yield rows


def merge(cur: "cursor", frame: "pl.DataFrame", table: str) -> int:
    """How many rows were new: COPY into a temporary table, then insert in key order."""
    if len(frame) == 0:
        return 0
    columns = ", ".join(frame.columns)
    cur.execute(f"create temporary table incoming on commit drop as select {columns} from {table} limit 0")  # noqa: S608
    cur.copy_expert(f"copy incoming ({columns}) from stdin with (format csv)", io.StringIO(_csv(frame)))
    cur.execute(
        f"insert into {table} ({columns}) select {columns} from incoming order by 1, 2 on conflict do nothing"  # noqa: S608
    )
    written = cur.rowcount
    cur.execute("drop table incoming")
    return written


def _csv(frame: "pl.DataFrame") -> str:
    text: str = frame.write_csv(include_header=False, quote_style="non_numeric", null_value="")
    return text
