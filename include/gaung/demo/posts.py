"""What the demo's days are made of: people, what they say, posts with what is known of them, and ids."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Literal

from gaung.demo.plan import START
from gaung.demo.words import Mood

Kind = Literal["post", "reply", "quote", "repost", "comment", "video"]
Hides = Literal["nothing", "impressions", "everything"]
UNNAMED = "unnamed"
_X_EPOCH_MS = 1_288_834_974_657
_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who does not exist; ``followers`` None: the platform did not say.

    ``gains``: followers won or lost on each day from the first of the three on; others grow slowly.
    """

    author_id: str
    handle: str
    name: str
    bio: str
    location: str | None
    created_at: datetime
    is_verified: bool
    is_business: bool
    followers: int | None
    gains: tuple[int, ...] = ()

    def followers_at(self, moment: datetime) -> int | None:
        """Followers at a moment, None if the platform does not say."""
        if self.followers is None:
            return None
        seconds = int((moment - START).total_seconds())
        if not self.gains:
            return max(self.followers + self.followers * (seconds // 3600) // 20_000, 0)
        grown = [
            gain * min(max(seconds - day * _DAY_S, 0), _DAY_S) // _DAY_S
            for day, gain in enumerate(self.gains)
        ]
        before = min(seconds, 0) * self.gains[0] // _DAY_S
        return max(self.followers + sum(grown) + before, 0)


def brand_account(number: int, keyword: str, handle: str, followers: int, gains: tuple[int, ...]) -> Author:
    """A brand's own account on X."""
    return Author(
        author_id=str(2_000_000_000 + 7919 * number),
        handle=handle,
        name=keyword.title(),
        bio=f"Akun resmi {keyword.title()} (data sintetis)",
        location="Bandung",
        created_at=datetime(2019, 3, 1, tzinfo=UTC),
        is_verified=True,
        is_business=True,
        followers=followers,
        gains=gains,
    )


@dataclass(frozen=True, slots=True)
class Content:
    """What a post says in one of its versions, and what of it counts: planted, not parsed.

    ``mood`` is what the sentence was written for, None where it was written for nothing; ``intent`` is that
    of a comment: question, complaint or praise.
    """

    version_id: str
    text: str
    language: str
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    brands: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()
    mood: Mood | None = None
    intent: str | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a sentence was written to say beside its mood: planted, not parsed.

    ``aspects``: aspect, value (:data:`UNNAMED` where none is named) and mood of each. ``targets``: target
    terms that stand in it. ``misspelt``: a brand, and how its name is misspelt in it. ``activity``: what a
    small business does in it.
    """

    intents: tuple[str, ...] = ()
    aspects: tuple[tuple[str, str, Mood], ...] = ()
    targets: tuple[str, ...] = ()
    misspelt: tuple[str, str] | None = None
    activity: str | None = None


@dataclass(slots=True)
class Post:
    """A post, reply, quote, repost, comment or video; counts are those that it reaches after a day.

    ``hides``: what the platform does not show of its counts; on Instagram "everything" is likes and views.
    ``is_settled``: its counts are reached at once. ``media``: kinds of what is attached to it on X.
    ``meaning``: known of posts whose every word was chosen for it.
    """

    platform: str
    post_id: str
    kind: Kind
    author: Author
    created_at: datetime
    content: Content
    stream: str = ""
    refers_to: "Post | None" = None
    is_collected: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    hides: Hides = "nothing"
    place: str | None = None
    is_paid: bool = False
    is_settled: bool = False
    media: tuple[str, ...] = ()
    meaning: Meaning | None = None
    edit: Content | None = None
    edited_at: datetime | None = None
    deleted_at: datetime | None = None

    @property
    def shows_counts(self) -> bool:
        """False if the platform shows none of its counts."""
        return self.hides != "everything"

    @property
    def counted_as(self) -> Content:
        """What it counts for: its latest version, a repost what the original said when it was repeated."""
        return self.refers_to.content if self.kind == "repost" and self.refers_to else self.final

    @property
    def final(self) -> Content:
        """The content of its latest version."""
        return self.edit or self.content

    def content_at(self, moment: datetime) -> Content:
        """The version that the platform showed at a moment."""
        if self.edit is not None and self.edited_at is not None and self.edited_at <= moment:
            return self.edit
        return self.content

    def is_deleted_at(self, moment: datetime) -> bool:
        """True if the post was gone by then."""
        return self.deleted_at is not None and self.deleted_at <= moment

    def counts_at(self, moment: datetime) -> dict[str, int]:
        """Counts as they stood at a moment: they grow evenly over a day, unless settled."""
        if self.is_settled:
            return dict(self.counts)
        age = min(max(int((moment - self.created_at).total_seconds()), 0), _DAY_S)
        return {name: value * age // _DAY_S for name, value in self.counts.items()}


def x_id(moment: datetime, sequence: int) -> str:
    """An id as X makes them: the time in its upper bits."""
    milliseconds = int(moment.timestamp() * 1000) - _X_EPOCH_MS
    return str((milliseconds << 22) | (sequence % (1 << 22)))


def tiktok_id(moment: datetime, number: int) -> str:
    """An id as TikTok makes them: seconds in its upper half."""
    return str((int(moment.timestamp()) << 32) | (number % (1 << 32)))


def instagram_id(moment: datetime, number: int) -> str:
    """An id as Instagram makes them: milliseconds since 2011 in its upper bits."""
    return str(((int(moment.timestamp() * 1000) - 1_314_220_021_300) << 23) | (number % (1 << 23)))
