"""What the formats give for the recorded payloads equals an independent count, number by number."""

import collections
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from gaung.contract import AUTHOR_METRICS, METRICS
from gaung.sources import files, registry
from gaung.sources.base import Context
from tests.sources import census


@dataclass
class Mapped:
    """What the formats gave for one folder."""

    rows: dict[tuple[str, str], list[dict[str, Any]]] = field(
        default_factory=lambda: collections.defaultdict(list)
    )
    ignored: collections.Counter[str] = field(default_factory=collections.Counter)
    quarantined: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    unknown_fields: set[str] = field(default_factory=set)
    received: int = 0

    def ids(self, platform: str, entity: str = "posts", **wanted: Any) -> set[str]:
        """Distinct ids of rows whose columns have the wanted values."""
        name = "author_id" if entity.startswith("author") else "post_id"
        rows = self.rows[platform, entity]
        return {row[name] for row in rows if all(row[column] == value for column, value in wanted.items())}

    def observations(self, platform: str, entity: str = "post_metrics") -> int:
        """Distinct observations."""
        key, columns = ("author_id", AUTHOR_METRICS) if entity == "author_metrics" else ("post_id", METRICS)
        return len(
            {(row[key], row["at"], *(row[name] for name in columns)) for row in self.rows[platform, entity]}
        )


def _map_folder(folder: Path) -> Mapped:
    found = Mapped()
    for file in files.walk([folder]):
        if "LICENSE" in file.name:
            continue
        context = Context(file.name)
        format = registry.detect(files.sample(file), context)
        with file.open() as stream:
            for record in format.records(stream, context):
                _note(found, record, registry.map_record(format, record, context))
    return found


def _note(found: Mapped, record: Any, mapped: Any) -> None:
    found.received += 1
    found.unknown_fields |= mapped.unknown_fields
    if mapped.ignored is not None:
        found.ignored[mapped.ignored] += 1
    if mapped.problem is not None:
        found.quarantined[mapped.problem.reason, mapped.problem.path] += 1
    for entity, rows in mapped.rows.items():
        for row in rows:
            found.rows[row["platform"], entity].append({**row, "at": record.observed_at})


@pytest.fixture(scope="module")
def mapped() -> dict[str, Mapped]:
    return {}


@pytest.fixture
def folder(request: pytest.FixtureRequest, test_data: Path, mapped: dict[str, Mapped]) -> tuple[Path, Mapped]:
    """A payload folder and what the formats give for it (read once)."""
    name = request.param
    if name not in mapped:
        mapped[name] = _map_folder(test_data / "payloads" / name)
    return test_data / "payloads" / name, mapped[name]


@pytest.mark.parametrize("folder", ["reddit"], indirect=True)
def test_reddit(folder: tuple[Path, Mapped]) -> None:
    path, found = folder
    counted = census.reddit(path)

    assert found.ids("reddit", post_type="comment") == counted.comments
    assert found.ids("reddit", is_collected=True) == counted.posts | counted.comments
    assert found.ids("reddit") == counted.posts | counted.comments | counted.referenced
    assert found.ids("reddit", is_deleted=True) == counted.deleted
    assert found.ids("reddit", "authors") == counted.authors
    assert found.observations("reddit") == len(counted.observations)
    assert found.quarantined == {}
    assert (len(counted.posts), len(counted.comments), len(counted.referenced)) == (938, 927, 6)
    assert (len(counted.authors), len(counted.observations), len(counted.deleted)) == REDDIT


@pytest.mark.parametrize("folder", ["mastodon"], indirect=True)
def test_mastodon(folder: tuple[Path, Mapped]) -> None:
    path, found = folder
    counted = census.mastodon(path)

    assert found.ids("mastodon", is_collected=True) == counted.posts
    assert found.ids("mastodon") == counted.posts | counted.referenced
    assert found.ids("mastodon", is_deleted=True) == counted.deleted
    assert found.ids("mastodon", "authors") == counted.authors
    assert found.observations("mastodon") == len(counted.observations)
    assert found.observations("mastodon", "author_metrics") == len(counted.author_observations)
    assert set(found.quarantined) == {("not_public", "visibility")}
    assert len(counted.not_public) == 15
    assert len(counted.posts | counted.referenced | counted.not_public) == 192
    assert (
        len(counted.posts),
        len(counted.referenced - counted.posts),
        len(counted.deleted),
        len(counted.authors),
        len(counted.observations),
        len(counted.author_observations),
    ) == MASTODON


@pytest.mark.parametrize("folder", ["youtube"], indirect=True)
def test_youtube(folder: tuple[Path, Mapped]) -> None:
    path, found = folder
    counted = census.youtube(path)

    assert found.ids("youtube", post_type="comment") == counted.comments
    assert found.ids("youtube") == counted.posts | counted.comments
    assert found.ids("youtube", "authors") == counted.authors
    assert found.observations("youtube") == len(counted.observations)
    assert found.quarantined == {}
    counts = (len(counted.posts), len(counted.comments), len(counted.authors), len(counted.observations))
    assert counts == YOUTUBE


@pytest.mark.parametrize("folder", ["facebook"], indirect=True)
@pytest.mark.parametrize("platform", ["facebook", "instagram"])
def test_meta(folder: tuple[Path, Mapped], platform: str) -> None:
    path, found = folder
    counted = getattr(census, platform)(path)

    assert found.ids(platform, post_type="comment") == counted.comments
    assert found.ids(platform) == counted.posts | counted.comments
    assert found.ids(platform, "authors") == counted.authors
    assert found.observations(platform) == len(counted.observations)
    assert found.quarantined == {}
    counts = (len(counted.posts), len(counted.comments), len(counted.authors), len(counted.observations))
    assert counts == META[platform]


@pytest.mark.parametrize("folder", ["reddit", "mastodon", "youtube", "facebook"], indirect=True)
def test_every_record_is_accounted_for(folder: tuple[Path, Mapped]) -> None:
    path, found = folder

    assert found.unknown_fields == set()
    assert dict(found.ignored) == IGNORED[path.name]
    assert found.received == RECEIVED[path.name]


REDDIT = (688, 2648, 3)
"""Authors, observations, deleted."""
MASTODON = (177, 0, 107, 57, 194, 145)
"""Posts, posts only referenced, deleted, authors, observations of posts and of authors."""
YOUTUBE = (129, 23, 93, 29)
META = {
    "facebook": (35, 35, 24, 48),
    "instagram": (89, 8, 5, 92),
}
"""Posts, comments, authors, observations."""
RECEIVED = {"reddit": 3199, "mastodon": 926, "youtube": 430, "facebook": 359}
IGNORED: dict[str, dict[str, int]] = {
    "facebook": {
        "access_token": 5,
        "account_insights": 3,
        "album": 13,
        "api_error": 2,
        "application": 1,
        "business": 6,
        "container": 4,
        "conversation": 4,
        "event": 4,
        "group": 7,
        "hashtag": 7,
        "liker": 2,
        "live_video": 13,
        "managed_account": 11,
        "other_insights": 1,
        "photo": 11,
        "picture": 4,
        "private_message": 4,
        "product": 4,
        "publish_limit": 3,
        "publish_result": 3,
    },
    "mastodon": {
        "access_token": 3,
        "api_error": 11,
        "empty_body": 33,
        "empty_page": 6,
        "filter": 5,
        "hashtag": 6,
        "instance": 16,
        "list": 4,
        "media_attachment": 1,
        "notification_count": 2,
        "notification_group": 137,
        "notification_merge": 2,
        "notification_policy": 8,
        "partial_account": 18,
        "relationship": 39,
        "status_edit": 3,
        "status_source": 1,
    },
    "reddit": {
        "access_token": 79,
        "action_result": 4,
        "api_error": 9,
        "empty_body": 14,
        "empty_page": 2,
        "moderated_list": 1,
        "moderation_note": 3,
        "more": 197,
        "multireddit": 13,
        "not_json": 2,
        "own_account": 1,
        "relationship": 3,
        "subreddit": 1,
        "trophy_list": 1,
        "user_list": 2,
    },
    "youtube": {
        "abuse_reason": 7,
        "access_token": 2,
        "activity": 18,
        "api_error": 3,
        "caption_track": 8,
        "category": 54,
        "channel_banner": 1,
        "channel_section": 18,
        "client_secret": 4,
        "empty_page": 1,
        "fragment": 30,
        "language": 8,
        "member": 3,
        "memberships_level": 3,
        "own_rating": 1,
        "partial_resource": 1,
        "playlist": 35,
        "region": 7,
        "subscription": 35,
        "user_profile": 2,
    },
}
