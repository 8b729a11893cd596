"""Three invented days: people, posts, edits and deletions, decided by a seed alone.

What happens when stands in :mod:`gaung.demo.plan`. Nothing here knows file formats or the warehouse;
:mod:`gaung.demo.files` writes what the world holds, :mod:`gaung.demo.truth` counts it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from gaung.demo import customers, plan, sellers, words
from gaung.demo.plan import END, SIZES, START, WAYS, WINDOW, Quota, Stream
from gaung.demo.posts import (
    Author,
    Content,
    Hides,
    Kind,
    Post,
    brand_account,
    instagram_id,
    tiktok_id,
    x_id,
)
from gaung.demo.words import Language, Mood


@dataclass(slots=True)
class World:
    """All three days. ``posts`` are collected ones in order of time; ``referenced`` were only pointed at.

    ``largest``: accounts of X with most followers. ``earlier``: how many times three days before the demo's
    own these are; 0 is the demo itself. ``businesses``: small businesses among the authors.
    """

    seed: int
    size: str
    earlier: int
    brand_accounts: dict[str, Author]
    largest: list[Author]
    posts: list[Post]
    referenced: list[Post]
    businesses: tuple[sellers.Seller, ...]

    @property
    def start(self) -> datetime:
        """When its first window begins."""
        return START - self.earlier * plan.SPAN

    @property
    def end(self) -> datetime:
        """When its last window is over."""
        return END - self.earlier * plan.SPAN


def make(seed: int, size: str = "small", earlier: int = 0) -> World:
    """The days of a seed; the same for the same seed and size, on any machine.

    Earlier days have the same people and other posts, and nothing but ordinary talk.

    Raises:
        ValueError: size is not one of :data:`~gaung.demo.plan.SIZES`.
    """
    if size not in SIZES:
        raise ValueError(f"size {size!r} is not one of {', '.join(SIZES)}")
    return _Maker(seed, size, earlier).world()


class _People:
    """Everybody who posts, by platform; the same people in every stretch of time."""

    def __init__(self, seed: int, size: str) -> None:
        self.rng = Random(f"gaung demo people {seed} {size}")  # noqa: S311 - invented data, no secret
        total = SIZES[size]
        self.on = {
            "x": [self.author(1_000_000_000, number) for number in range(max(total // 4, 150))],
            "tiktok": [self.author(6_800_000_000, number) for number in range(max(total // 40, 30))],
            "instagram": [self.author(4_500_000_000, number) for number in range(max(total // 40, 30))],
        }
        self.on["youtube"] = [
            replace(one, author_id=f"UCsintetis{number:014d}", handle=f"@{one.handle}", followers=None)
            for number, one in enumerate(self.author(0, number) for number in range(max(total // 40, 30)))
        ]
        self.large = {
            name: [one for one in some if (one.followers or 0) >= 20_000] for name, some in self.on.items()
        }
        self.modest = {
            name: [one for one in some if 0 < (one.followers or 0) <= 280] for name, some in self.on.items()
        }
        self.brands = {
            brand: self.brand_account(number, brand) for number, brand in enumerate(words.BRAND_WORDS)
        }

    def largest(self) -> list[Author]:
        """The accounts of X with most followers."""
        return sorted(self.on["x"], key=lambda one: (-(one.followers or 0), one.author_id))[:60]

    def author(self, first_id: int, number: int) -> Author:
        rng = self.rng
        first = words.pick(words.PEOPLE, rng)
        followers: int | None = int(rng.paretovariate(0.9) * 150)
        if number % 40 == 7:
            followers = int(20_000 * 20 ** rng.random())
        elif rng.random() < 0.03:
            followers = None
        return Author(
            author_id=str(first_id + number * 7919),
            handle=f"{first.lower()}_{words.pick(('ngopi', 'jkt', 'id', 'std'), rng)}{number}",
            name=f"{first} {words.pick(words.PEOPLE, rng)}",
            bio=words.pick(
                (
                    "ngopi dulu",
                    "opini pribadi",
                    "coffee and trains",
                    "",
                    "ibu dua anak",
                    "here for the memes",
                ),
                rng,
            ),
            location=None if rng.random() < 0.1 else words.pick(tuple(words.PLACES), rng),
            created_at=datetime(2012, 1, 1, tzinfo=UTC) + timedelta(hours=rng.randrange(110_000)),
            is_verified=rng.random() < 0.02,
            is_business=rng.random() < 0.03,
            followers=min(followers, 4_000_000) if followers is not None else None,
        )

    def brand_account(self, number: int, brand: str) -> Author:
        keyword, _, handle = words.BRAND_WORDS[brand]
        gains = (60, 85, -240) if brand == plan.CRISIS_BRAND else (40, 55, 50)
        return brand_account(number, keyword, handle, 18_000 + self.rng.randrange(4_000), gains)


class _Maker:
    """Holds the random stream and what was posted so far while a world is made."""

    def __init__(self, seed: int, size: str, earlier: int) -> None:
        self.rng = Random(f"gaung demo {seed} {size} {earlier}")  # noqa: S311 - invented data, no secret
        self.seed, self.size, self.total, self.earlier = seed, size, SIZES[size], earlier
        self.people = _People(seed, size)
        self.start, self.end = START - earlier * plan.SPAN, END - earlier * plan.SPAN
        self.sequence = count(1)
        self.streams = [stream for stream in plan.STREAMS if not (earlier and stream.is_event)]
        self.moods = {stream.name: Quota() for stream in self.streams}
        self.shown: dict[str, list[Post]] = {stream.name: [] for stream in self.streams}

    def world(self) -> World:
        self.old = [self.old_original() for _ in range(max(self.total // 200, 3))]
        self.of_brand = {
            (platform, brand): self.shown_by_brand(platform, brand)
            for platform in ("instagram", "youtube")
            for brand in words.BRAND_WORDS
        }
        posts = [*self.of_brand.values(), *self.slots()]
        self.edit_some(posts)
        self.delete_some(posts)
        people, businesses = self.people, sellers.everyone()
        accounts = people.brands | {brand: customers.account(brand) for brand in words.CUSTOMER_BRANDS}
        if not self.earlier:
            posts += customers.posts(accounts, people.on, self.seed)
            posts += sellers.posts(businesses, self.seed)
        posts.sort(key=lambda post: (post.created_at, post.platform, post.post_id))
        largest = people.largest()
        return World(self.seed, self.size, self.earlier, accounts, largest, posts, self.old, businesses)

    def slots(self) -> Iterator[Post]:
        """Every post, window by window; what points at another points at one of an earlier window."""
        counts = {stream.name: stream.window_counts(self.total) for stream in self.streams}
        for window in range(plan.WINDOWS):
            start = self.start + window * WINDOW
            made = [
                (stream, post)
                for stream in self.streams
                for _ in range(counts[stream.name][window])
                if (post := self.slot(stream, start, window // 4)) is not None
            ]
            for stream, post in made:
                if post.platform == "x" and post.kind != "repost" and post.shows_counts:
                    self.shown[stream.name].append(post)
            yield from (post for _, post in made)

    def slot(self, stream: Stream, start: datetime, hour: int) -> Post | None:
        """One post of a stream, None where nothing was collected."""
        way = self.rng.choices(WAYS, stream.ways)[0]
        created_at = start + timedelta(milliseconds=int(self.rng.random() * 900_000))
        is_of_x = way.startswith("x_")
        if is_of_x and not self.earlier and hour in plan.GAP_HOURS:
            return None
        mood = self.moods[stream.name].next(stream.moods_at(hour))
        if is_of_x:
            return self.on_x(stream, way, created_at, mood)
        if way.endswith("comment"):
            return self.comment(stream, way, created_at, mood)
        return self.elsewhere(stream, way, created_at, mood)

    # on X ------------------------------------------------------------------------------------

    def on_x(self, stream: Stream, way: str, created_at: datetime, mood: Mood) -> Post:
        post_id = x_id(created_at, next(self.sequence))
        original = self.earlier_post(stream, way)
        if way == "x_repost" and original is not None:
            return self.repost(post_id, created_at, original, stream)
        kind: Kind = (
            "reply" if way == "x_reply" and original else "quote" if way == "x_quote" and original else "post"
        )
        brand = stream.name if stream.name in words.BRAND_WORDS else plan.CRISIS_BRAND
        if stream.name in ("near", "own", "greetings"):
            brand = words.pick(tuple(words.BRAND_WORDS), self.rng)
        author = self.people.brands[brand] if stream.name == "own" else self.author(stream, "x")
        return Post(
            "x",
            post_id,
            kind,
            author,
            created_at,
            self.content(post_id, stream, "x", brand, mood),
            stream.name,
            refers_to=original if kind != "post" else None,
            counts=self.counts(author, stream),
            hides=self.hides(),
            place=words.pick(tuple(words.PLACES), self.rng) if self.rng.random() < 0.05 else None,
        )

    def earlier_post(self, stream: Stream, way: str) -> Post | None:
        """What a reply, quote or repost points at: few originals get most."""
        rng, shown = self.rng, self.shown[stream.name]
        if way == "x_repost" and rng.random() < 0.02:
            return self.old[int(rng.random() * len(self.old))]
        if way == "x_post" or not shown:
            return None
        return shown[int(len(shown) * rng.random() ** 3)]

    def repost(self, post_id: str, created_at: datetime, original: Post, stream: Stream) -> Post:
        content = Content(
            post_id, f"RT @{original.author.handle}: {original.content.text}", original.content.language
        )
        return Post(
            "x", post_id, "repost", self.anybody("x"), created_at, content, stream.name, refers_to=original
        )

    def old_original(self) -> Post:
        """A post of the day before that no query matched; reposts point at it."""
        created_at = self.start - timedelta(minutes=self.rng.randrange(60, 1200))
        post_id = x_id(created_at, next(self.sequence))
        author, stream = self.anybody("x"), plan.STREAMS[0]
        content = self.content(post_id, stream, "x", plan.CRISIS_BRAND, "neutral")
        counts = self.counts(author, stream)
        return Post("x", post_id, "post", author, created_at, content, is_collected=False, counts=counts)

    # elsewhere -------------------------------------------------------------------------------

    def elsewhere(self, stream: Stream, platform: str, created_at: datetime, mood: Mood) -> Post:
        """A video on TikTok, or a picture or video on Instagram."""
        rng = self.rng
        created_at = created_at.replace(microsecond=0)
        number = next(self.sequence)
        brand = stream.name if stream.name in words.BRAND_WORDS else plan.CRISIS_BRAND
        is_video = platform == "tiktok" or rng.random() < 0.3
        counts = self.counts(author := self.author(stream, platform), stream)
        return Post(
            platform,
            tiktok_id(created_at, number) if platform == "tiktok" else instagram_id(created_at, number),
            "video" if is_video else "post",
            author,
            created_at,
            self.content(str(number), stream, platform, brand, mood),
            stream.name,
            counts=counts,
            hides="everything" if platform == "instagram" and rng.random() < 0.12 else "nothing",
            place=words.pick(tuple(words.PLACES), rng) if rng.random() < 0.3 else None,
            is_paid=stream.topic == plan.PAID,
        )

    def shown_by_brand(self, platform: str, brand: str) -> Post:
        """What a brand shows of itself; comments stand under it."""
        created_at = (self.start + timedelta(minutes=3)).replace(microsecond=0)
        number = next(self.sequence)
        account = self.people.brands[brand]
        is_video = platform == "youtube"
        handle = f"@{account.handle}" if is_video else f"{account.handle.removesuffix('id')}.id"
        text = words.fill(words.SHOWN_BY_BRAND, "id", brand, self.rng)
        return Post(
            platform,
            f"vid{self.earlier:03d}{number:05d}" if is_video else instagram_id(created_at, number),
            "video" if is_video else "post",
            replace(
                account,
                handle=handle,
                author_id=f"UCmerek{account.author_id:0>17}" if is_video else account.author_id,
            ),
            created_at,
            Content(str(number), text, "id", brands=frozenset({brand}), keywords=frozenset({brand})),
            "own",
            counts={"likes": 900, "comments": 300, "views": 30_000, "shares": 0, "saves": 0},
        )

    def comment(self, stream: Stream, way: str, created_at: datetime, mood: Mood) -> Post:
        """A comment under what a brand shows of itself on Instagram or YouTube."""
        rng = self.rng
        platform = "instagram" if way == "ig_comment" else "youtube"
        created_at = created_at.replace(second=0, microsecond=0)
        number = next(self.sequence)
        brand = (
            stream.name if platform == "youtube" and stream.name in words.BRAND_WORDS else plan.CRISIS_BRAND
        )
        intent = {"positive": "praise", "neutral": "question", "negative": "complaint"}[mood]
        language = self.language(0.2)
        text = words.sentence(words.COMMENTS[intent], language, mood, brand, rng)
        if platform == "youtube":
            text += f" #{words.BRAND_WORDS[brand][1]}"
        likes = int(rng.paretovariate(0.8)) - 1
        content = Content(
            str(number),
            text,
            language,
            hashtags=(words.BRAND_WORDS[brand][1],) if platform == "youtube" else (),
            brands=frozenset({brand}),
            mood=mood,
            intent=intent,
        )
        return Post(
            platform,
            f"UgSintetis{self.earlier:03d}{number:013d}"
            if platform == "youtube"
            else str(17_900_000_000_000_000 + (self.earlier * 10_000_000 + number) * 7),
            "comment",
            self.anybody("youtube") if platform == "youtube" else self.guest(number),
            created_at,
            content,
            stream.name,
            refers_to=self.of_brand[platform, brand],
            counts={"likes": likes if likes < 1000 else likes // 100 * 100},
            hides="everything" if platform == "instagram" and rng.random() < 0.05 else "nothing",
        )

    def guest(self, number: int) -> Author:
        """Whom the dashboard's export names by handle alone."""
        handle = f"{words.pick(words.PEOPLE, self.rng).lower()}.{number % 977}"
        return Author(
            handle, handle, "", "", None, self.start, is_verified=False, is_business=False, followers=None
        )

    # who and how often -----------------------------------------------------------------------

    def anybody(self, platform: str) -> Author:
        """Some people post far more than others."""
        people = self.people.on[platform]
        return people[int(len(people) * self.rng.random() ** 2)]

    def author(self, stream: Stream, platform: str) -> Author:
        """Modest accounts carry what goes viral, large ones what is paid for."""
        rng = self.rng
        chosen = {plan.VIRAL: self.people.modest, plan.PAID: self.people.large}.get(
            stream.topic or "", {}
        ).get(platform)
        return chosen[int(len(chosen) * rng.random())] if chosen else self.anybody(platform)

    def counts(self, author: Author, stream: Stream) -> dict[str, int]:
        rng = self.rng
        views = int((author.followers or 50) * rng.random() * 0.8) + int(rng.random() * 195) + 5
        likes = int(views * rng.random() * 0.06)
        reposts = int(likes * rng.random() * 0.4)
        if stream.topic == plan.VIRAL:
            reposts = 150 + int(rng.random() * 2_000)
            likes, views = reposts * 3, reposts * 60
        elif stream.topic == plan.PAID:
            reposts = int(rng.random() * 1.1)
        return {
            "likes": likes,
            "comments": int(likes * rng.random() * 0.3),
            "reposts": reposts,
            "quotes": int(likes * rng.random() * 0.05),
            "shares": int(likes * rng.random() * 0.2),
            "saves": int(likes * rng.random() * 0.1),
            "impressions": views,
            "views": views,
        }

    def hides(self) -> Hides:
        draw = self.rng.random()
        return "everything" if draw < 0.02 else "impressions" if draw < 0.07 else "nothing"

    # what is said ----------------------------------------------------------------------------

    def language(self, english: float = 0.35) -> Language:
        return "en" if self.rng.random() < english else "id"

    def content(self, version_id: str, stream: Stream, platform: str, brand: str, mood: Mood) -> Content:
        rng, language = self.rng, self.language()
        topics = [stream.topic] if stream.topic else []
        if stream.name == "near":
            text, holds_keyword = words.near_miss(brand, rng)
            near = self.dress(
                version_id, text, "id", platform, None, keywords=[brand] if holds_keyword else []
            )
            return replace(near, brands=frozenset())
        if stream.name == "friday":
            if rng.random() < 0.02:
                signs = words.pick(words.ONLY_SIGNS, rng)
                return self.dress(version_id, signs, None, platform, None, topics=topics)
            text = words.sentence(stream.sayings, language, mood, None, rng)
            return self.dress(version_id, text, language, platform, mood, topics=topics)
        if stream.name in ("viral", "paid"):
            brand = "batik_arum"
        if stream.name == "paid":
            topics.append("ad" if language == "en" else "iklan")
        return self.about_brand(version_id, stream, platform, brand, mood, language, topics)

    def about_brand(
        self,
        version_id: str,
        stream: Stream,
        platform: str,
        brand: str,
        mood: Mood,
        language: Language,
        topics: Sequence[str],
    ) -> Content:
        """A post about a brand, which is found by its keyword, hashtag, both, or handle."""
        rng = self.rng
        draw = rng.random()
        way = "hashtag" if draw < 0.4 else "keyword" if draw < 0.7 else "both"
        if platform == "x" and draw > 0.92:
            way = "handle"
        is_named = way in ("keyword", "both")
        sayings = _NAMING[stream.name] if is_named else stream.sayings
        text = words.sentence(sayings, language, mood, brand, rng, is_named=is_named)
        tagged = [brand] if way in ("hashtag", "both") else []
        if stream.name == "kopi_senja" and is_named and rng.random() < 0.08:
            tagged.append("kopi_pagi")
        return self.dress(
            version_id,
            text,
            language,
            platform,
            mood,
            topics=topics,
            tagged=tagged,
            keywords=[brand] if is_named else [],
            handles=[brand] if way == "handle" else [],
        )

    def dress(
        self,
        version_id: str,
        text: str,
        language: Language | None,
        platform: str,
        mood: Mood | None,
        topics: Sequence[str] = (),
        tagged: Sequence[str] = (),
        keywords: Sequence[str] = (),
        handles: Sequence[str] = (),
    ) -> Content:
        """The sentence with hashtags, mentions, an address, a phone number: as people write.

        Args:
            version_id: of this version of the post.
            text: the sentence.
            language: None for signs alone.
            platform: on X people mention others and give addresses.
            mood: that the sentence was written in.
            topics: hashtags of no brand.
            tagged: brands whose hashtag is added.
            keywords: brands whose keyword is in the sentence.
            handles: brands that are mentioned.
        """
        rng = self.rng
        if rng.random() < 0.01 and language:
            text = words.long_text(text, language, rng)
        tags = [*(words.BRAND_WORDS[brand][1] for brand in tagged), *topics]
        if not topics and rng.random() < 0.25:
            tags.append(words.pick(plan.SIDE_TOPICS, rng))
        mentions = [words.BRAND_WORDS[brand][2] for brand in handles]
        urls = []
        if platform == "x":
            if rng.random() < 0.08:
                mentions.append(f"teman_{100 + int(rng.random() * 899)}")
            if rng.random() < 0.12:
                urls.append(f"https://contoh.example/{int(rng.random() * 1_000_000):06d}")
        if rng.random() < 0.03 and language:
            text += words.contact(language, rng)
        parts = [*(f"@{name}" for name in mentions), text, *(f"#{self.tag_case(tag)}" for tag in tags), *urls]
        return Content(
            version_id=version_id,
            text=" ".join(parts),
            language=language or "und",
            hashtags=tuple(dict.fromkeys(tag.lower() for tag in tags)),
            mentions=tuple(mentions),
            urls=tuple(urls),
            brands=frozenset((*keywords, *tagged, *handles)),
            keywords=frozenset(keywords),
            mood=mood,
        )

    def tag_case(self, tag: str) -> str:
        return words.pick((tag, tag, tag.lower(), tag.upper()), self.rng)

    # changes ---------------------------------------------------------------------------------

    def edit_some(self, posts: list[Post]) -> None:
        """Give one post in two hundred a second version, most about another topic or brand.

        A brand's own posts stay as they are: they are its own whatever they say.
        """
        own = {author.author_id for author in self.people.brands.values()}
        pointed_at = {post.refers_to.post_id for post in posts if post.refers_to is not None}
        candidates = [
            post
            for post in posts
            if post.platform == "x"
            and post.kind == "post"
            and post.post_id not in pointed_at
            and post.author.author_id not in own
            and post.content.language != "und"
        ]
        streams = {stream.name: stream for stream in plan.STREAMS}
        for post in self.rng.sample(candidates, max(self.total // 200, 3)):
            post.edited_at = self.end + timedelta(minutes=self.rng.randrange(6, 50))
            version_id = x_id(post.edited_at, next(self.sequence))
            brand = words.pick(tuple(words.BRAND_WORDS), self.rng)
            if self.rng.random() < 0.5:
                post.edit = self.about_brand(version_id, streams[brand], "x", brand, "positive", "id", [])
            else:
                text = words.sentence(words.EVERYDAY, "en", "neutral", None, self.rng)
                topic = words.pick(plan.SIDE_TOPICS, self.rng)
                post.edit = self.dress(version_id, text, "en", "x", "neutral", topics=[topic])

    def delete_some(self, posts: list[Post]) -> None:
        """Let one post in a hundred and fifty be deleted in the night after."""
        candidates = [
            post for post in posts if post.platform == "x" and post.kind != "repost" and post.edit is None
        ]
        for post in self.rng.sample(candidates, max(self.total // 150, 3)):
            post.deleted_at = self.end + timedelta(minutes=self.rng.randrange(10, 600))


_NAMING = {stream.name: words.names_brand(stream.sayings) for stream in plan.STREAMS}
