"""Two invented brands whose every post is known word by word: what customers ask, like and blame.

Their names stand in no other post of the demo, so that counts by brand and day are exact. Customers ask on X
under what the brand posts in the morning, and on YouTube under its video; some are answered by the brand
after a known number of minutes, some by a stranger only, some never.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import count
from random import Random

from gaung.demo import words
from gaung.demo.plan import START
from gaung.demo.posts import UNNAMED, Author, Content, Meaning, Post, brand_account, x_id
from gaung.demo.words import Language, Mood

ZONES = {"kedai_lereng": "Asia/Jakarta", "tenun_rimba": "Asia/Makassar"}
TARGETS = {
    "kedai_lereng": ("kopi susu gula aren", "tempat nugas"),
    "tenun_rimba": ("kain tenun", "tenun ikat"),
}
"""Target terms as brands.yml has them."""

FIRST_ID = 3_000_000
"""Of the sequence that ids of X end in; other posts of the demo have smaller ones."""

_MENU = ("es kopi susu", "latte", "kopi tubruk", "croissant", "pisang goreng", "americano")
_CLOTH = ("selendang", "tunik", "outer", "rok lilit", "kebaya")
_FEW = {"comments": 0, "reposts": 0, "quotes": 0, "shares": 0, "saves": 0}
_TAILS = ("", "", "", " ☕", "!", " 🙏")


@dataclass(frozen=True, slots=True)
class Saying:
    """A sentence, the mood that it is meant in, and what it is meant to say.

    Placeholders: those of :mod:`gaung.demo.words`, and ``{thing}`` something that the brand sells.
    """

    text: str
    language: Language
    mood: Mood
    meaning: Meaning


def _said(
    texts: Mapping[Language, Sequence[str]],
    mood: Mood,
    intents: tuple[str, ...] = (),
    aspects: tuple[tuple[str, str, Mood], ...] = (),
    targets: tuple[str, ...] = (),
    misspelt: tuple[str, str] | None = None,
) -> tuple[Saying, ...]:
    """Sentences that all mean the same."""
    meaning = Meaning(intents, aspects, targets, misspelt)
    return tuple(Saying(text, language, mood, meaning) for language in texts for text in texts[language])


RED = _said(
    {
        "id": (
            "suka banget warna merahnya, {thing} {brand} memang cantik",
            "merahnya {brand} cantik sekali, {person} sampai beli dua",
            "warna merah {thing} {brand} bagus banget, {person} suka",
        ),
        "en": ("i love the red colour of this scarf from {brand}, so beautiful",),
    },
    "positive",
    ("praises",),
    (("colour", "merah", "positive"),),
)
BLUE = _said(
    {"id": ("{person} pilih {thing} warna biru dari {brand} {time}",)},
    "neutral",
    aspects=(("colour", "biru", "neutral"),),
)
TOO_SMALL = _said(
    {
        "id": (
            "ukuran XL {thing} dari {brand} kekecilan, kecewa",
            "{thing} XL {brand} kesempitan, {person} nyesel beli {time}",
            "kapok beli ukuran XL di {brand}, {thing} nya kekecilan",
        ),
        "en": ("the XL scarf from {brand} is too tight, very disappointed",),
    },
    "negative",
    ("complains",),
    (("size", "XL", "negative"),),
)
DURABLE = _said(
    {
        "id": (
            "jahitan {brand} rapi dan awet, {person} puas banget",
            "{thing} {brand} awet, sudah setahun masih bagus banget",
        )
    },
    "positive",
    ("praises",),
    (("quality", UNNAMED, "positive"),),
)
WOVEN = _said(
    {"id": ("kain tenun dari {brand} berkualitas, {person} senang banget",)},
    "positive",
    ("praises",),
    (("quality", UNNAMED, "positive"),),
    ("kain tenun",),
)
DEAR = _said(
    {
        "id": (
            "harga {thing} di {brand} mahal banget sekarang",
            "{thing} {brand} kemahalan, masa {price}",
            "{brand} makin mahal, {thing} {price}",
            "kecewa, {thing} {brand} {price} itu terlalu mahal",
        ),
        "en": (
            "the {thing} at {brand} is overpriced now",
            "{brand} is too expensive, {price} for one {thing}",
        ),
    },
    "negative",
    ("complains",),
    (("price", "mahal", "negative"),),
)
CHEAP = _said(
    {"id": ("{thing} {brand} murah banget, {price} doang",)},
    "positive",
    ("praises",),
    (("price", "murah", "positive"),),
)
COMFORTABLE = _said(
    {"id": ("tempatnya {brand} nyaman buat kerja bareng {person}",)},
    "positive",
    ("praises",),
    (("place", "nyaman", "positive"),),
)
STUDY = _said(
    {"id": ("tempatnya {brand} nyaman, tempat nugas favorit {person}",)},
    "positive",
    ("praises",),
    (("place", "nyaman", "positive"),),
    ("tempat nugas",),
)
FRIENDLY = _said(
    {"id": ("pelayanan {brand} ramah, {person} senang banget",)},
    "positive",
    ("praises",),
    (("service", "ramah", "positive"),),
)
ORDERED = _said(
    {"id": ("{person} pesan kopi susu gula aren di {brand} {time}",)},
    "neutral",
    targets=("kopi susu gula aren",),
)
MISSPELT = {
    brand: _said(
        {
            "id": (
                f"{{time}} lewat {wrong} bareng {{person}}",
                f"{{person}} ngajak ketemu di {wrong} {{time}}",
            )
        },
        "neutral",
        misspelt=(brand, wrong),
    )
    for brand, wrong in (("kedai_lereng", "kedai lerang"), ("kopi_senja", "kopi sneja"))
}

QUESTIONS: dict[str, tuple[Saying, ...]] = {
    "kedai_lereng": (
        *_said(
            {"id": ("harga {thing} di {brand} berapa ya kak?",)},
            "neutral",
            ("asks_price",),
            (("price", UNNAMED, "neutral"),),
        ),
        *_said({"id": ("kak, lokasi {brand} di mana ya?",)}, "neutral", ("asks_location",)),
        *_said({"en": ("how much is the {thing} at {brand}?",)}, "neutral", ("asks_price",)),
        *_said({"id": ("{brand} buka jam berapa ya?",), "en": ("is {brand} open on sunday?",)}, "neutral"),
    ),
    "tenun_rimba": (
        *_said(
            {
                "id": ("kak, {thing} {brand} masih ada stok?",),
                "en": ("is the {thing} from {brand} in stock?",),
            },
            "neutral",
            ("asks_stock",),
            (("availability", UNNAMED, "neutral"),),
        ),
        *_said({"id": ("cara pesan {thing} {brand} gimana kak?",)}, "neutral", ("asks_how_to_order",)),
        *_said({"en": ("how much is the scarf from {brand}?",)}, "neutral", ("asks_price",)),
    ),
}
COMPLAINTS: dict[str, tuple[Saying, ...]] = {
    "kedai_lereng": (
        *_said(
            {"id": ("{thing} saya di {brand} belum datang, kecewa",)},
            "negative",
            ("complains",),
            (("delivery", UNNAMED, "negative"),),
        ),
        *_said(
            {"id": ("{thing} dari {brand} tumpah semua, kecewa",)},
            "negative",
            ("complains",),
            (("packaging", UNNAMED, "negative"),),
        ),
        *_said(
            {"en": ("my order at {brand} was cold, very disappointed",)},
            "negative",
            ("complains",),
        ),
    ),
    "tenun_rimba": (
        *_said(
            {"id": ("pesanan saya di {brand} belum dikirim, kecewa banget",)},
            "negative",
            ("complains",),
            (("delivery", UNNAMED, "negative"),),
        ),
        *_said(
            {
                "id": ("{thing} {brand} robek, kecewa",),
                "en": ("my scarf from {brand} arrived torn, very disappointed",),
            },
            "negative",
            ("complains",),
            (("quality", UNNAMED, "negative"),),
        ),
    ),
}
SHOWN = _said(
    {
        "id": (
            "tanya jawab {brand} hari ini, tulis di sini",
            "{brand} menerima pertanyaan hari ini, tulis di sini",
        )
    },
    "neutral",
)
ANSWERS = _said(
    {
        "id": (
            "siap kak {person}, sudah kami balas lewat pesan",
            "halo kak {person}, sudah kami jawab lewat pesan ya",
        ),
        "en": ("hi {person}, we sent you a message",),
    },
    "neutral",
)
STRANGER = _said({"id": ("coba {person} yang jawab, aku lupa",)}, "neutral")

TALK: tuple[tuple[str, int, int, tuple[Saying, ...]], ...] = (
    ("tenun_rimba", 0, 4, RED),
    ("tenun_rimba", 0, 3, TOO_SMALL),
    ("tenun_rimba", 1, 14, RED),
    ("tenun_rimba", 1, 3, DURABLE),
    ("tenun_rimba", 1, 2, WOVEN),
    ("tenun_rimba", 2, 12, TOO_SMALL),
    ("tenun_rimba", 2, 2, BLUE),
    ("kedai_lereng", 0, 4, DEAR),
    ("kedai_lereng", 0, 3, FRIENDLY),
    ("kedai_lereng", 1, 13, DEAR),
    ("kedai_lereng", 1, 3, CHEAP),
    ("kedai_lereng", 1, 7, MISSPELT["kedai_lereng"]),
    ("kedai_lereng", 2, 4, COMFORTABLE),
    ("kedai_lereng", 2, 3, STUDY),
    ("kedai_lereng", 2, 2, ORDERED),
    ("kopi_senja", 0, 6, MISSPELT["kopi_senja"]),
)
"""Brand, day, how many posts, what they say."""

TAGGED = 3
"""Of the posts that misspell the name of one of the two brands, so many carry its hashtag."""

ASKED: tuple[tuple[str, str, int, tuple[int | None, ...], tuple[int | None, ...]], ...] = (
    ("kedai_lereng", "x", 0, (4, 11, 25, None, 40, None), (90, None)),
    ("kedai_lereng", "x", 1, (6, 8, 15, 30), (None,)),
    ("kedai_lereng", "x", 2, (None,), (None, None, 180, None)),
    ("kedai_lereng", "youtube", 1, (20, None), ()),
    ("tenun_rimba", "x", 0, (45, 75, None), ()),
    ("tenun_rimba", "x", 1, (10, 50), (None, 200)),
    ("tenun_rimba", "x", 2, (None, None), (None,)),
    ("tenun_rimba", "youtube", 0, (35, None), (None,)),
)
"""Brand, platform, day; after how many minutes each question and each complaint is answered, None: never."""


def account(brand: str) -> Author:
    """A brand's own account on X."""
    keyword, _, handle = words.CUSTOMER_BRANDS[brand]
    number = 1_000 + list(words.CUSTOMER_BRANDS).index(brand)
    return brand_account(number, keyword, handle, 9_000 + number, (12, 18, 9))


def fill(saying: Saying, brand: str, rng: Random) -> str:
    """A saying's sentence with its placeholders filled."""
    return saying.text.format(
        thing=words.pick(_CLOTH if brand == "tenun_rimba" else _MENU, rng),
        time=words.pick(words.TIMES[saying.language], rng),
        price=words.pick(words.PRICES, rng),
        person=words.pick(words.PEOPLE, rng),
        brand=words.in_some_case(words.EVERY_BRAND[brand][0], rng),
    )


def posts(
    accounts: Mapping[str, Author], people: Mapping[str, Sequence[Author]], seed: int
) -> Iterator[Post]:
    """Everything that is said by and about the two brands, and a few misspelt names of another."""
    yield from _Talk(accounts, people, seed).posts()


class _Talk:
    """Holds the random stream, the ids given so far and who has not spoken yet."""

    def __init__(
        self, accounts: Mapping[str, Author], people: Mapping[str, Sequence[Author]], seed: int
    ) -> None:
        self.rng = Random(f"gaung demo customers {seed}")  # noqa: S311 - invented data, no secret
        self.accounts = accounts
        self.sequence = count(FIRST_ID)
        self.strangers = {
            platform: iter(self.rng.sample(people[platform], 145 if platform == "x" else 20))
            for platform in ("x", "youtube")
        }

    def posts(self) -> Iterator[Post]:
        for brand, day, number, sayings in TALK:
            for place in range(number):
                saying = sayings[place % len(sayings)]
                is_tagged = sayings is MISSPELT["kedai_lereng"] and place < TAGGED
                author = next(self.strangers["x"])
                yield self.on_x(self.morning(day), brand, saying, author, is_tagged=is_tagged)
        for brand in words.CUSTOMER_BRANDS:
            yield from self.asked(brand)

    def asked(self, brand: str) -> Iterator[Post]:
        """A brand's posts of each morning and its video; what is asked under them, and the answers."""
        video = self.video(brand)
        yield video
        for asked, platform, day, questions, complaints in ASKED:
            if asked != brand:
                continue
            shown = video
            if platform == "x":
                opens_at = START + timedelta(days=day, hours=7)
                shown = self.on_x(opens_at, brand, SHOWN[day % len(SHOWN)], self.accounts[brand])
                yield shown
            for sayings, minutes in ((QUESTIONS[brand], questions), (COMPLAINTS[brand], complaints)):
                for place, waited in enumerate(minutes):
                    yield from self.conversation(
                        shown, day, brand, sayings[(place + day) % len(sayings)], waited
                    )

    def conversation(
        self, shown: Post, day: int, brand: str, saying: Saying, waited: int | None
    ) -> Iterator[Post]:
        """A question or complaint and the brand's answer; on X a stranger says something to each open one."""
        strangers = self.strangers[shown.platform]
        reply = self.on_x if shown.platform == "x" else self.on_youtube
        question = reply(self.morning(day), brand, saying, next(strangers), shown)
        yield question
        if waited is not None:
            answered_at = question.created_at + timedelta(minutes=waited)
            yield reply(answered_at, brand, self.pick(ANSWERS), shown.author, question)
        elif shown.platform == "x":
            later = question.created_at + timedelta(minutes=9)
            yield reply(later, brand, STRANGER[0], next(strangers), question)

    def morning(self, day: int) -> datetime:
        """A moment between 8 and 13 o'clock in Jakarta, in whole seconds."""
        return START + timedelta(days=day, hours=8, seconds=int(self.rng.random() * 5 * 3600))

    def pick(self, sayings: Sequence[Saying]) -> Saying:
        return sayings[int(self.rng.random() * len(sayings))]

    def on_x(
        self,
        created_at: datetime,
        brand: str,
        saying: Saying,
        author: Author,
        refers_to: Post | None = None,
        *,
        is_tagged: bool = False,
    ) -> Post:
        post_id = x_id(created_at, next(self.sequence))
        views = 20 + int(self.rng.random() * 200)
        return Post(
            "x",
            post_id,
            "reply" if refers_to else "post",
            author,
            created_at,
            self.content(post_id, brand, saying, author, refers_to, is_tagged=is_tagged),
            "customers",
            refers_to=refers_to,
            counts={**_FEW, "likes": views // 20, "impressions": views, "views": views},
            meaning=saying.meaning,
        )

    def on_youtube(
        self, created_at: datetime, brand: str, saying: Saying, author: Author, refers_to: Post
    ) -> Post:
        number = str(next(self.sequence))
        return Post(
            "youtube",
            f"UgSintetisPelanggan{number:0>9}",
            "comment",
            author,
            created_at,
            self.content(number, brand, saying, author, None),
            "customers",
            refers_to=refers_to,
            counts={"likes": int(self.rng.random() * 5)},
            meaning=saying.meaning,
        )

    def content(
        self,
        version_id: str,
        brand: str,
        saying: Saying,
        author: Author,
        answered: Post | None,
        *,
        is_tagged: bool = False,
    ) -> Content:
        """A saying's sentence, after the handle of whom it answers, and the brands that it counts for."""
        mentions = (answered.author.handle,) if answered else ()
        tags = (words.EVERY_BRAND[brand][1],) if is_tagged else ()
        sentence = fill(saying, brand, self.rng)
        parts = [*(f"@{name}" for name in mentions), sentence, *(f"#{tag}" for tag in tags)]
        own = {account.handle: name for name, account in self.accounts.items()}
        handles = (*mentions, author.handle.removeprefix("@"))
        named = {brand} if "{brand}" in saying.text else set()
        return Content(
            version_id,
            " ".join(parts),
            saying.language,
            hashtags=tags,
            mentions=mentions,
            brands=frozenset(
                named | ({brand} if tags else set()) | {own[one] for one in handles if one in own}
            ),
            keywords=frozenset(named),
            mood=saying.mood,
        )

    def video(self, brand: str) -> Post:
        """What the brand shows of itself on YouTube; comments stand under it."""
        account, saying = self.accounts[brand], SHOWN[0]
        number = next(self.sequence)
        channel = replace(account, handle=f"@{account.handle}", author_id=f"UCmerek{account.author_id:0>17}")
        return Post(
            "youtube",
            f"vid{number}",
            "video",
            channel,
            START + timedelta(minutes=3),
            self.content(str(number), brand, saying, channel, None),
            "customers",
            counts={"likes": 90, "comments": 10, "views": 3_000, "shares": 0, "saves": 0},
            meaning=saying.meaning,
        )
