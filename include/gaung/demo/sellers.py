"""Small businesses of the demo, each with a province, an industry, and posts whose activity is known.

They live where nobody else of the demo does, and attach photos and videos together, as nobody else does:
their cells by province and by kind of media are exact. A few cells have too few accounts to be shown.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random

from gaung.demo import words
from gaung.demo.plan import START
from gaung.demo.posts import Author, Content, Meaning, Post, x_id

FIRST_ID = 3_500_000
"""Of the sequence that ids of X end in."""

MEDIA = ("photo", "video")
MEDIA_TYPE = "mixed"
"""What a post with photos and videos is called."""


@dataclass(frozen=True, slots=True)
class Trade:
    """Businesses of one kind in one province.

    Attributes:
        place: where they are, as their profiles say.
        province_code: official code of its province.
        industry: of all of them.
        name: of an account, with ``{person}``.
        bio: what it says of itself.
        goods: what they sell.
        accounts: how many there are.
        silent: how many of them say nothing in name and bio; they are known by what they post.
        posts: activity, and how many accounts show it in how many posts each.
    """

    place: str
    province_code: str
    industry: str
    name: str
    bio: str
    goods: tuple[str, ...]
    accounts: int
    posts: tuple[tuple[str, int, int], ...]
    silent: int = 0


TRADES = (
    Trade(
        place="Padang",
        province_code="13",
        industry="culinary",
        name="Dapur {person}",
        bio="UMKM keripik balado rumahan (data sintetis)",
        goods=("keripik balado", "rendang kering"),
        accounts=8,
        posts=(("promotion", 8, 3), ("testimonial", 5, 1), ("hiring", 2, 1)),
        silent=2,
    ),
    Trade(
        place="Mataram",
        province_code="52",
        industry="crafts",
        name="Gerabah {person}",
        bio="Pengrajin gerabah dan anyaman, usaha rumahan (data sintetis)",
        goods=("gerabah", "anyaman rotan"),
        accounts=6,
        posts=(("production", 6, 1), ("new_product", 5, 2)),
    ),
    Trade(
        place="Samarinda",
        province_code="64",
        industry="fashion",
        name="Konveksi {person}",
        bio="Konveksi gamis dan kebaya rumahan (data sintetis)",
        goods=("gamis", "kebaya"),
        accounts=6,
        posts=(("promotion", 6, 1), ("discount", 5, 1), ("order_shipping", 4, 1)),
    ),
    Trade(
        place="Bandar Lampung",
        province_code="18",
        industry="culinary",
        name="Keripik {person}",
        bio="UMKM keripik pisang rumahan (data sintetis)",
        goods=("keripik pisang",),
        accounts=3,
        posts=(("promotion", 3, 2),),
    ),
)
SAYINGS: dict[str, tuple[str, ...]] = {
    "promotion": (
        "yuk cobain {goods} homemade kami, order via wa ya kak",
        "open po {goods} homemade, yuk order lewat wa",
        "lagi cari oleh oleh? {goods} rumahan kami tersedia, yuk mampir",
    ),
    "new_product": (
        "produk baru kami: {goods} ukuran mini, sudah bisa dipesan",
        "produk baru nih kak, {goods} kami",
    ),
    "discount": ("promo hari ini: {goods} beli 2 gratis 1", "diskon 20% {goods} hari ini, beli 2 gratis 1"),
    "production": (
        "proses produksi {goods} kami, dibuat dengan tangan",
        "proses pembuatan {goods} kami, satu per satu dengan tangan",
    ),
    "testimonial": (
        "testimoni pelanggan hari ini: {goods} enak banget, terima kasih kak {person}",
        "review dari pelanggan: {goods} gurih, makasih ya kak {person}",
    ),
    "order_shipping": (
        "pesanan {goods} siap kirim hari ini, resi menyusul ya kak",
        "paket hari ini: {goods} siap dikirim ke {place}",
    ),
    "hiring": (
        "lowongan kerja: kami butuh admin untuk usaha {goods}",
        "kami buka lowongan karyawan dapur {goods}, kirim lamaran ya",
    ),
}


@dataclass(frozen=True, slots=True)
class Seller:
    """An account of a small business; ``evidence``: what makes it one, its profile or its posts."""

    author: Author
    trade: Trade
    evidence: str


def everyone() -> tuple[Seller, ...]:
    """All small businesses, the same ones for every seed and size."""
    numbers = count()
    return tuple(_seller(trade, place, next(numbers)) for trade in TRADES for place in range(trade.accounts))


def _seller(trade: Trade, place: int, number: int) -> Seller:
    person = words.PEOPLE[number % len(words.PEOPLE)]
    is_silent = place >= trade.accounts - trade.silent
    author = Author(
        author_id=str(2_100_000_000 + number * 7919),
        handle=f"{person.lower()}_usaha{number}",
        name=person if is_silent else trade.name.format(person=person),
        bio="(data sintetis)" if is_silent else trade.bio,
        location=trade.place,
        created_at=datetime(2021, 5, 1, tzinfo=UTC),
        is_verified=False,
        is_business=False,
        followers=150 + 13 * number,
    )
    return Seller(author, trade, "posts" if is_silent else "profile")


def posts(sellers: Sequence[Seller], seed: int) -> Iterator[Post]:
    """What they post in the mornings of the three days."""
    rng = Random(f"gaung demo sellers {seed}")  # noqa: S311 - invented data, no secret
    sequence = count(FIRST_ID)
    for trade in TRADES:
        owners = [seller for seller in sellers if seller.trade is trade]
        for activity, accounts, each in trade.posts:
            for place in range(accounts * each):
                text = SAYINGS[activity][place % len(SAYINGS[activity])]
                yield _post(owners[place % accounts], activity, text, next(sequence), rng)


def _post(seller: Seller, activity: str, text: str, number: int, rng: Random) -> Post:
    created_at = START + timedelta(days=int(rng.random() * 3), hours=8, seconds=int(rng.random() * 5 * 3600))
    post_id = x_id(created_at, number)
    likes = 3 + int(rng.random() * 40)
    return Post(
        "x",
        post_id,
        "post",
        seller.author,
        created_at,
        Content(post_id, fill(text, seller.trade, rng), "id"),
        "sellers",
        counts={
            "likes": likes,
            "comments": likes // 4,
            "reposts": likes // 6,
            "quotes": likes // 20,
            "shares": 0,
            "saves": likes // 8,
            "impressions": likes * 30,
            "views": likes * 30,
        },
        is_settled=True,
        media=MEDIA,
        meaning=Meaning(activity=activity),
    )


def fill(text: str, trade: Trade, rng: Random) -> str:
    """A sentence with its placeholders filled."""
    return text.format(
        goods=words.pick(trade.goods, rng),
        person=words.pick(words.PEOPLE, rng),
        place=words.pick(tuple(words.PLACES), rng),
    )
