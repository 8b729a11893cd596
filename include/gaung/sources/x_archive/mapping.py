"""Entries of the archive as contract rows."""

from collections.abc import Mapping
from typing import Any

from gaung.sources.base import Context, Mapped, MappingError, Record, Rows
from gaung.sources.bodies import field_names
from gaung.sources.mapping import (
    Absent,
    Const,
    Derive,
    KnownFields,
    Take,
    absent,
    apply,
    count,
    get,
    has_values,
    id_text,
    language,
    mapping,
    optional_id,
    text,
    texts,
    time_iso,
    time_twitter,
    word,
)

Shared = Mapping[str, Any]
IGNORED = {
    "other_part": "an entry of another part of the archive (messages, likes, followers, advertising …)"
}
_TWEETS = ("tweet", "tweets", "deleted_tweets")
_MEDIA_TYPES = {"photo": "image", "animated_gif": "gif"}


def is_repost(tweet: Any) -> bool:
    """True for a repost, which the archive writes as cut text only."""
    return str(get(tweet, "full_text") or "").startswith("RT @")


def _post_type(tweet: Any, given: Shared) -> str:
    if is_repost(tweet):
        return "repost"
    return "reply" if get(tweet, "in_reply_to_status_id_str") else "post"


def _media_type(tweet: Any, given: Shared) -> str | None:
    media = get(tweet, "extended_entities.media") or get(tweet, "entities.media") or []
    if len(media) > 1:
        return "carousel"
    found = str(media[0].get("type")) if media else None
    return None if found is None else _MEDIA_TYPES.get(found, found)


POSTS = mapping(
    "posts",
    platform=Const("x"),
    post_id=Take(("id_str", "id"), id_text, required=True),
    author_id=Absent("the archive's tweets do not name their author; it is the account in `account.js`"),
    created_at=Take("created_at", time_twitter, required=True),
    text=Derive(
        lambda tweet, given: (
            None if given["is_deleted"] else Take("full_text", text, required=True).value(tweet, {})
        ),
        "full_text",
        "NULL for a deleted tweet; of a repost the cut text that the archive has",
    ),
    lang_reported=Take("lang", language),
    url=Derive(
        lambda tweet, given: f"https://x.com/i/status/{get(tweet, 'id_str') or tweet['id']}",
        "id_str",
        "made from the id",
    ),
    post_type=Derive(_post_type, "full_text, in_reply_to_status_id_str", "repost (`RT @`), reply or post"),
    parent_post_id=Take("in_reply_to_status_id_str", optional_id),
    **absent("the archive does not name it", "root_post_id", "reposted_post_id", "quoted_post_id"),
    hashtags=Take("entities.hashtags[].text", texts),
    mentions=Take("entities.user_mentions[].screen_name", texts),
    urls=Take("entities.urls[].expanded_url", texts),
    media_type=Derive(_media_type, "extended_entities.media[].type", "`carousel` for several"),
    **absent("not read from the archive", "duration_s", "place_name", "lat", "lon"),
    visibility=Absent("the archive does not say whether the account was protected"),
    is_paid_partnership=Absent("not in the archive"),
    is_collected=Const(True),
    is_deleted=Derive(lambda tweet, given: given["is_deleted"], (), "true in `deleted-tweets.js`"),
)

METRICS = mapping(
    "post_metrics",
    platform=Const("x"),
    post_id=Take(("id_str", "id"), id_text, required=True),
    likes=Take("favorite_count", count),
    reposts=Take("retweet_count", count),
    **absent(
        "not in the archive",
        "reactions",
        "dislikes",
        "comments",
        "shares",
        "quotes",
        "saves",
        "clicks",
        "views",
        "impressions",
        "reach",
        "score",
    ),
)

AUTHORS = mapping(
    "authors",
    platform=Const("x"),
    author_id=Take("accountId", id_text, required=True),
    handle=Take("username", word, required=True),
    display_name=Take("accountDisplayName", word),
    created_at=Take("createdAt", time_iso),
    **absent(
        "in other parts of the archive, which are not read",
        "bio",
        "location_text",
        "url",
        "is_verified",
        "is_business",
        "category",
    ),
)

TABLES = (POSTS, METRICS, AUTHORS)
_KNOWN_TWEET = KnownFields.of(
    {path.split(".")[0] for table in (POSTS, METRICS) for path in table.reads},
    field_names(
        "edit_info retweeted source display_text_range favorited id truncated in_reply_to_status_id "
        "in_reply_to_user_id in_reply_to_user_id_str in_reply_to_screen_name possibly_sensitive coordinates "
        "geo place extended_entities deleted_at withheld_in_countries withheld_copyright scopes contributors"
    ),
)
_KNOWN_ACCOUNT = KnownFields.of(AUTHORS, ("email", "createdVia"))


def map_record(record: Record, context: Context) -> Mapped:
    """A tweet or the account; entries of other parts are ignored."""
    part, entry = record.payload["part"], record.payload["entry"]
    if part in _TWEETS:
        return _tweet(get(entry, "tweet", entry), part == "deleted_tweets")
    if part == "account":
        account = get(entry, "account")
        if account is None:
            raise MappingError("field_missing", "account", "account is missing or null")
        return Mapped(
            rows={"authors": [apply(AUTHORS, account)]}, unknown_fields=_KNOWN_ACCOUNT.unknown(account)
        )
    return Mapped(ignored="other_part")


def _tweet(tweet: Any, is_deleted: bool) -> Mapped:
    rows: Rows = {"posts": [apply(POSTS, tweet, {"is_deleted": is_deleted})]}
    observed = apply(METRICS, tweet)
    if has_values(METRICS, observed) and not is_repost(tweet):
        rows["post_metrics"] = [observed]
    return Mapped(rows=rows, unknown_fields=_KNOWN_TWEET.unknown(tweet))
