"""One invented day: people, posts, edits and deletions, decided by a seed alone.

The day is Friday, 7 November 2025, in Jakarta (UTC+7). Nothing here knows file formats or the
warehouse; :mod:`gaung.demo.files` writes what the world holds, :mod:`gaung.demo.truth` counts it.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Literal

from gaung.demo import words

JAKARTA = timedelta(hours=7)
DAY_START = datetime(2025, 11, 6, 17, tzinfo=UTC)
DAY_END = DAY_START + timedelta(days=1)
SIZES = {"tiny": 600, "small": 12_000, "large": 120_000}

Kind = Literal["post", "reply", "quote", "repost", "comment"]
_X_EPOCH_MS = 1_288_834_974_657

# Share of a topic's posts by local hour, 0 to 23; each topic has its own time of day.
_EVEN = (1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 5, 6, 5, 4, 4, 5, 5, 6, 7, 7, 6, 4, 2)
_MORNING = (0, 0, 0, 0, 1, 6, 14, 16, 12, 7, 4, 3, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0)
_NOON = (0, 0, 0, 0, 0, 1, 1, 2, 3, 5, 8, 14, 16, 10, 6, 4, 3, 2, 2, 2, 2, 1, 1, 0)
_DUSK = (1, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 4, 8, 14, 18, 15, 9, 6, 4, 2, 1)
_OFFICE = (0, 0, 0, 0, 0, 0, 2, 5, 11, 12, 11, 8, 5, 9, 10, 9, 6, 3, 1, 1, 1, 0, 0, 0)
SHAPES: dict[str, tuple[int, ...]] = {
    "kopi_senja": _DUSK,
    "kopi_pagi": _MORNING,
    "batik_arum": _NOON,
    "FridayFeeling": _EVEN,
    "JumatBerkah": _NOON,
    "ngopi": _MORNING,
    "WFH": _OFFICE,
}
_TOPICS = ("FridayFeeling", "JumatBerkah", "ngopi", "WFH")


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who does not exist; ``followers`` None: the platform did not say."""

    author_id: str
    handle: str
    name: str
    bio: str
    location: str | None
    created_at: datetime
    is_verified: bool
    is_business: bool
    followers: int | None


@dataclass(frozen=True, slots=True)
class Content:
    """What a post says in one of its versions, and what of it counts: planted, not parsed."""

    version_id: str
    text: str
    language: str
    hashtags: tuple[str, ...] = ()
    mentions: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    brands: frozenset[str] = frozenset()
    keywords: frozenset[str] = frozenset()


@dataclass(slots=True)
class Post:
    """A post, reply, quote, repost or comment; counts are those that it reaches after a day."""

    platform: str
    post_id: str
    kind: Kind
    author: Author
    created_at: datetime
    content: Content
    refers_to: "Post | None" = None
    is_collected: bool = True
    counts: dict[str, int] = field(default_factory=dict)
    hides: Literal["nothing", "impressions", "everything"] = "nothing"
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
        """Counts as they stood at a moment: they grow evenly over a day."""
        age = min(max(int((moment - self.created_at).total_seconds()), 0), 86_400)
        return {name: value * age // 86_400 for name, value in self.counts.items()}


@dataclass(slots=True)
class World:
    """The whole day. ``posts`` are collected ones in order of time; ``referenced`` were only pointed at."""

    seed: int
    size: str
    authors: list[Author]
    brand_accounts: dict[str, Author]
    posts: list[Post]
    referenced: list[Post]


def x_id(moment: datetime, sequence: int) -> str:
    """An id as X makes them: the time in its upper bits."""
    milliseconds = int(moment.timestamp() * 1000) - _X_EPOCH_MS
    return str((milliseconds << 22) | (sequence % (1 << 22)))


def make(seed: int, size: str = "small") -> World:
    """The day of a seed; the same for the same seed and size, on any machine.

    Raises:
        ValueError: size is not one of :data:`SIZES`.
    """
    if size not in SIZES:
        raise ValueError(f"size {size!r} is not one of {', '.join(SIZES)}")
    return _Maker(seed, size).world()


class _Maker:
    """Holds the random stream and the running number while a world is made."""

    def __init__(self, seed: int, size: str) -> None:
        self.rng = Random(f"gaung demo {seed} {size}")  # noqa: S311 - invented data, no secret
        self.seed, self.size, self.total = seed, size, SIZES[size]
        self.sequence = count(1)

    def world(self) -> World:
        authors = [self.author(number) for number in range(max(self.total // 4, 60))]
        accounts = {brand: self.brand_account(brand) for brand in words.BRAND_WORDS}
        comment_total = self.total // 5
        repost_total = self.total // 5
        originals = [
            self.original(authors, accounts) for _ in range(self.total - comment_total - repost_total)
        ]
        originals.sort(key=lambda post: int(post.post_id))
        self.link(originals)
        old = [self.old_original(authors) for _ in range(max(self.total // 200, 3))]
        reposts = [self.repost(authors, originals, old) for _ in range(repost_total)]
        comments = [self.comment(number) for number in range(comment_total)]
        posts = [*originals, *reposts, *comments]
        self.edit_some(originals, {post.refers_to.post_id for post in posts if post.refers_to is not None})
        self.delete_some(originals)
        posts.sort(key=lambda post: (post.created_at, post.platform, int(post.post_id)))
        return World(self.seed, self.size, authors, accounts, posts, old)

    # people ----------------------------------------------------------------------------------

    def author(self, number: int) -> Author:
        rng = self.rng
        first = rng.choice(words.PEOPLE)
        followers: int | None = int(rng.paretovariate(0.9) * 40)
        if rng.random() < 0.03:
            followers = None
        return Author(
            author_id=str(1_000_000_000 + number * 7919),
            handle=f"{first.lower()}_{rng.choice(('ngopi', 'jkt', 'id', 'std'))}{number}",
            name=f"{first} {rng.choice(words.PEOPLE)}",
            bio=rng.choice(
                ("ngopi dulu", "opini pribadi", "coffee and trains", "", "ibu dua anak", "here for the memes")
            ),
            location=rng.choice((None, *words.PLACES)),
            created_at=datetime(2012, 1, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(110_000)),
            is_verified=rng.random() < 0.02,
            is_business=rng.random() < 0.03,
            followers=min(followers, 4_000_000) if followers is not None else None,
        )

    def brand_account(self, brand: str) -> Author:
        keyword, _, handle = words.BRAND_WORDS[brand]
        return Author(
            author_id=str(2_000_000_000 + 7919 * sorted(words.BRAND_WORDS).index(brand)),
            handle=handle,
            name=keyword.title(),
            bio=f"Akun resmi {keyword.title()} (data sintetis)",
            location="Bandung",
            created_at=datetime(2019, 3, 1, tzinfo=UTC),
            is_verified=True,
            is_business=True,
            followers=18_000 + self.rng.randrange(4_000),
        )

    # time ------------------------------------------------------------------------------------

    def moment(self, shape: str) -> datetime:
        hour = self.rng.choices(range(24), SHAPES[shape])[0]
        return DAY_START + timedelta(hours=hour, milliseconds=self.rng.randrange(3_600_000))

    # posts -----------------------------------------------------------------------------------

    def original(self, authors: list[Author], accounts: dict[str, Author]) -> Post:
        rng = self.rng
        subject = rng.choices(
            ("kopi_senja", "kopi_pagi", "batik_arum", "two", "near", *_TOPICS, "own"),
            (20, 15, 12, 3, 4, 22, 9, 7, 6, 2),
        )[0]
        brand = subject if subject in words.BRAND_WORDS else rng.choice(sorted(words.BRAND_WORDS))
        shape = subject if subject in SHAPES else ("FridayFeeling" if subject == "near" else brand)
        created_at = self.moment(shape)
        post_id = x_id(created_at, next(self.sequence))
        content = self.content(post_id, subject, brand)
        author = accounts[brand] if subject == "own" else authors[int(len(authors) * rng.random() ** 2)]
        return Post(
            "x", post_id, "post", author, created_at, content, counts=self.counts(author), hides=self.hides()
        )

    def content(self, post_id: str, subject: str, brand: str) -> Content:
        rng = self.rng
        language = rng.choices(("id", "en"), (65, 35))[0]
        if subject == "near":
            text, holds_keyword = words.near_miss(brand, rng)
            keywords = {brand} if holds_keyword else set()
            near = self.dress(post_id, text, "id", [], [], keywords=keywords)
            return replace(near, brands=frozenset())
        if subject == "two":
            text = words.sentence(language, "kopi_senja", rng)
            return self.dress(post_id, text, language, ["kopi_pagi"], [], keywords={"kopi_senja"})
        if subject == "own" or subject in words.BRAND_WORDS:
            return self.about_brand(post_id, language, brand)
        if rng.random() < 0.03:
            return self.dress(post_id, rng.choice(words.ONLY_SIGNS), "und", [], [subject])
        return self.dress(post_id, words.sentence(language, None, rng), language, [], [subject])

    def about_brand(self, post_id: str, language: str, brand: str) -> Content:
        rng = self.rng
        way = rng.choices(("hashtag", "keyword", "both", "handle"), (40, 30, 20, 10))[0]
        text = words.sentence(language, brand if way in ("keyword", "both") else None, rng)
        tagged = [brand] if way in ("hashtag", "both") else []
        keywords = {brand} if way in ("keyword", "both") else set()
        handles = [brand] if way == "handle" else []
        return self.dress(post_id, text, language, tagged, [], keywords=keywords, handles=handles)

    def dress(
        self,
        post_id: str,
        text: str,
        language: str,
        tagged: list[str],
        topics: list[str],
        keywords: set[str] = frozenset(),  # type: ignore[assignment]
        handles: list[str] = [],  # noqa: B006
    ) -> Content:
        """The sentence with hashtags, mentions, an address, a phone number: as people write."""
        rng = self.rng
        if rng.random() < 0.01 and language != "und":
            text = words.long_text(text, language, rng)
        tags = [words.BRAND_WORDS[brand][1] for brand in tagged] + topics
        if not topics and rng.random() < 0.25:
            tags.append(rng.choice(_TOPICS))
        mentions = [words.BRAND_WORDS[brand][2] for brand in handles]
        if rng.random() < 0.08:
            mentions.append(f"teman_{rng.randrange(100, 999)}")
        urls = [f"https://contoh.example/{rng.randrange(10**6):06d}"] if rng.random() < 0.12 else []
        if rng.random() < 0.03 and language != "und":
            text += words.contact(language, rng)
        parts = [*(f"@{name}" for name in mentions), text, *(f"#{self.tag_case(tag)}" for tag in tags), *urls]
        return Content(
            version_id=post_id,
            text=" ".join(parts),
            language=language,
            hashtags=tuple(dict.fromkeys(tag.lower() for tag in tags)),
            mentions=tuple(mentions),
            urls=tuple(urls),
            brands=frozenset(keywords) | set(tagged) | set(handles),
            keywords=frozenset(keywords),
        )

    def tag_case(self, tag: str) -> str:
        return self.rng.choice((tag, tag, tag.lower(), tag.upper()))

    def counts(self, author: Author) -> dict[str, int]:
        rng = self.rng
        views = int((author.followers or 50) * rng.random() * 0.8) + rng.randrange(5, 200)
        likes = int(views * rng.random() * 0.06)
        return {
            "likes": likes,
            "comments": int(likes * rng.random() * 0.3),
            "reposts": int(likes * rng.random() * 0.4),
            "quotes": int(likes * rng.random() * 0.05),
            "saves": int(likes * rng.random() * 0.1),
            "impressions": views,
        }

    def hides(self) -> Literal["nothing", "impressions", "everything"]:
        draw = self.rng.random()
        return "everything" if draw < 0.02 else "impressions" if draw < 0.07 else "nothing"

    def link(self, originals: list[Post]) -> None:
        """Turn some posts into replies and quotes of earlier ones."""
        for position in range(20, len(originals)):
            draw = self.rng.random()
            if draw < 0.25:
                post = originals[position]
                post.kind = "reply" if draw < 0.18 else "quote"
                post.refers_to = self.shown(originals[:position])

    def shown(self, posts: list[Post], skew: int = 1) -> Post:
        """One of the posts that show their counts; a greater skew prefers the first ones."""
        while True:
            post = posts[int(len(posts) * self.rng.random() ** skew)]
            if post.shows_counts:
                return post

    def old_original(self, authors: list[Author]) -> Post:
        """A post of the day before that no query matched; reposts point at it."""
        created_at = DAY_START - timedelta(minutes=self.rng.randrange(60, 1200))
        post_id = x_id(created_at, next(self.sequence))
        author = self.rng.choice(authors)
        content = self.content(post_id, "FridayFeeling", "kopi_senja")
        return Post(
            "x", post_id, "post", author, created_at, content, is_collected=False, counts=self.counts(author)
        )

    def repost(self, authors: list[Author], originals: list[Post], old: list[Post]) -> Post:
        rng = self.rng
        # few originals get most reposts
        original = rng.choice(old) if rng.random() < 0.1 else self.shown(originals, skew=3)
        start = max(original.created_at, DAY_START)
        room = int((DAY_END - start).total_seconds() * 1000)
        created_at = start + timedelta(milliseconds=1 + int((room - 2) * rng.random() ** 2))
        post_id = x_id(created_at, next(self.sequence))
        content = Content(
            post_id, f"RT @{original.author.handle}: {original.content.text}", original.content.language
        )
        author = rng.choice(authors)
        return Post("x", post_id, "repost", author, created_at, content, refers_to=original)

    def comment(self, number: int) -> Post:
        """A comment under one of a brand's own posts on Instagram, as its dashboard exports it."""
        rng = self.rng
        created_at = self.moment("kopi_senja").replace(microsecond=0, second=0)
        language = rng.choices(("id", "en"), (80, 20))[0]
        post_id = str(17_900_000_000_000_000 + number * 104_729)
        content = Content(
            post_id, words.comment(language, "kopi_senja", rng), language, brands=frozenset({"kopi_senja"})
        )
        author = Author(
            author_id=f"ig{rng.randrange(self.total)}",
            handle=f"{rng.choice(words.PEOPLE).lower()}.{number % 977}",
            name="",
            bio="",
            location=None,
            created_at=DAY_START,
            is_verified=False,
            is_business=False,
            followers=None,
        )
        likes = int(rng.paretovariate(0.8)) - 1
        counts = {"likes": likes if likes < 1000 else likes // 100 * 100}
        hides: Literal["nothing", "everything"] = "everything" if rng.random() < 0.05 else "nothing"
        return Post("instagram", post_id, "comment", author, created_at, content, counts=counts, hides=hides)

    # changes ---------------------------------------------------------------------------------

    def edit_some(self, originals: list[Post], pointed_at: set[str]) -> None:
        """Give one post in two hundred a second version, most about another topic or brand."""
        posts = [post for post in originals if post.kind == "post" and post.post_id not in pointed_at]
        candidates = [post for post in posts if post.final.language != "und"]
        for post in self.rng.sample(candidates, max(self.total // 200, 3)):
            post.edited_at = DAY_END + timedelta(minutes=self.rng.randrange(6, 50))
            version_id = x_id(post.edited_at, next(self.sequence))
            brand = self.rng.choice(sorted(words.BRAND_WORDS))
            topic = self.rng.choice(_TOPICS)
            if self.rng.random() < 0.5:
                post.edit = self.about_brand(version_id, "id", brand)
            else:
                text = words.sentence("en", None, self.rng)
                post.edit = self.dress(version_id, text, "en", [], [topic])

    def delete_some(self, originals: list[Post]) -> None:
        """Let one post in a hundred and fifty be deleted in the night after."""
        candidates = [post for post in originals if post.edit is None]
        for post in self.rng.sample(candidates, max(self.total // 150, 3)):
            post.deleted_at = DAY_END + timedelta(minutes=self.rng.randrange(10, 600))
