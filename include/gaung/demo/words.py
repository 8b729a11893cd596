"""Invented sentences for the demo's posts, in Indonesian and English, each with the mood that it is meant in.

Brands of the demo and their words are those of the project's ``brands.yml``. Placeholders: ``{menu}``
something to order, ``{place}``, ``{time}``, ``{price}``, ``{person}``, ``{phone}``, ``{brand}`` a keyword.
"""

from collections.abc import Sequence
from random import Random
from typing import Literal

Mood = Literal["positive", "neutral", "negative"]
Language = Literal["id", "en"]
Sayings = dict[tuple[str, str], tuple[str, ...]]
MOODS: tuple[Mood, ...] = ("positive", "neutral", "negative")

BRAND_WORDS: dict[str, tuple[str, str, str]] = {
    # brand: keyword, hashtag, handle
    "kopi_senja": ("kopi senja", "kopisenja", "kopisenjaid"),
    "kopi_pagi": ("kopi pagi", "kopipagi", "kopipagiid"),
    "batik_arum": ("batik arum", "batikarum", "batikarumid"),
}
"""Brands that streams of posts are about."""

CUSTOMER_BRANDS: dict[str, tuple[str, str, str]] = {
    "kedai_lereng": ("kedai lereng", "kedailereng", "kedailerengid"),
    "tenun_rimba": ("tenun rimba", "tenunrimba", "tenunrimbaid"),
}
"""Brands whose few posts are known word by word (:mod:`gaung.demo.customers`)."""

EVERY_BRAND = BRAND_WORDS | CUSTOMER_BRANDS

PLACES: dict[str, tuple[float, float]] = {
    "Bandung": (-6.9175, 107.6191),
    "Jakarta Selatan": (-6.2615, 106.8106),
    "Yogyakarta": (-7.7956, 110.3695),
    "Surabaya": (-7.2575, 112.7521),
    "Surakarta": (-7.5755, 110.8243),
    "Depok": (-6.4025, 106.7942),
    "Malang": (-7.9666, 112.6326),
    "Semarang": (-6.9667, 110.4167),
    "Denpasar": (-8.6705, 115.2126),
    "Medan": (3.5952, 98.6722),
    "Makassar": (-5.1477, 119.4327),
}
PEOPLE = (
    "Rina",
    "Budi",
    "Ayu",
    "Dimas",
    "Sari",
    "Putra",
    "Maya",
    "Andi",
    "Lestari",
    "Galih",
    "Nadia",
    "Fajar",
    "Wulan",
    "Bayu",
    "Intan",
    "Yoga",
    "Tari",
    "Reza",
)
_PLACE_NAMES = tuple(PLACES)
TIMES = {
    "id": ("tadi pagi", "barusan", "semalam", "jam istirahat", "pulang kerja", "hari ini", "kemarin sore"),
    "en": ("this morning", "just now", "last night", "at lunch", "after work", "today", "yesterday"),
}
PRICES = ("18rb", "22rb", "25.000", "Rp 30.000", "35k", "27,5 ribu")
FOOD = (
    "es kopi susu",
    "latte",
    "cold brew",
    "kopi tubruk",
    "matcha",
    "croissant",
    "pisang goreng",
    "americano",
)
CLOTH = ("kemeja batik", "kain tulis", "outer", "rok lilit", "selendang", "tunik", "kebaya", "batik cap")
SOMEWHERE = {"id": "tempat ini", "en": "this place"}

ABOUT_BRAND: Sayings = {
    ("id", "positive"): (
        "{menu} di {brand} enak banget, {time} mampir lagi",
        "suka banget sama {menu} dari {brand}, rasanya mantap dan {price} doang",
        "pelayanan {brand} {place} ramah dan cepat, puas banget {time}",
        "gak nyangka {menu} dari {brand} sebagus ini, makasih {person}!",
        "{brand} emang juara, {menu} nya selalu enak",
        "recommended banget {brand} {place}, tempatnya nyaman, {menu} nya enak",
        "puas belanja di {brand}, {menu} bagus, {time} langsung sampai",
        "{menu} favorit {person} tetap dari {brand}, kualitasnya bagus sekali",
        "seneng banget {time} dapat {menu} gratis dari {brand}, terima kasih",
    ),
    ("id", "neutral"): (
        "{brand} buka cabang di {place} mulai {time}",
        "{time} {person} pesan {menu} di {brand} {place}",
        "daftar harga {brand}: {menu} {price}",
        "{brand} {place} buka dari jam 8 sampai jam 10 malam",
        "{person} menunggu di {brand} {place} sejak {time}",
        "{person} beli {menu} di {brand} {place} {price}",
        "{menu} {brand} dijual {price} di {place}",
    ),
    ("id", "negative"): (
        "pelayanan {brand} {place} lambat banget, kecewa nunggu {menu} hampir sejam",
        "kecewa sama {brand}, {menu} {price} tapi rasanya hambar",
        "{time} {menu} {brand} rasanya parah, nyesel beli",
        "kapok ke {brand} {place}, kasirnya jutek dan {menu} nya tidak enak",
        "kemasan {menu} dari {brand} rusak pas sampai {place}, kecewa banget",
        "makin buruk aja {brand}, {menu} mahal tapi mengecewakan",
        "pesanan {menu} saya di {brand} salah terus, pelayanannya buruk",
    ),
    ("en", "positive"): (
        "finally tried {menu} from {brand} {time} and it is really good",
        "love how {brand} treats its people, great {menu} too",
        "{person} took me to {brand} {time}, best {menu} in {place}",
        "thank you {brand} for the lovely {menu}, so happy",
        "{brand} {place}: friendly staff, lovely {menu}, fair at {price}",
        "the {menu} at {brand} is amazing, {person} loved it",
        "great value at {brand}, {menu} for {price} and a wonderful team",
    ),
    ("en", "neutral"): (
        "{brand} opens another shop in {place} {time}",
        "{person} ordered {menu} at {brand} {time}",
        "meeting {person} at {brand} in {place} {time}",
        "the {menu} at {brand} costs {price} now",
        "where is the {brand} shop in {place}?",
        "{time} at {brand} with {person}, one {menu} each",
    ),
    ("en", "negative"): (
        "{brand} in {place} was terrible {time}, waited an hour for {menu}",
        "not happy with {brand}: cold {menu}, rude answer, never again",
        "{menu} from {brand} tasted awful {time}",
        "{brand} sent the wrong {menu}, very disappointed and angry",
        "worst {menu} in {place}, {brand} ruined the evening",
        "the {menu} at {brand} was a horrible waste of {price}",
    ),
}

CRISIS: Sayings = {
    ("id", "negative"): (
        "{person} sakit perut habis minum {menu} dari {brand} {place}, parah banget",
        "{menu} {brand} basi! kecewa berat, tolong tanggung jawab",
        "kapok beli {menu} di {brand}, keluarga saya keracunan {time}, kecewa berat",
        "jijik, ada kecoa di {menu} {brand} {place}, kapok",
        "{brand} {place} jorok banget, {menu} basi tetap dijual",
        "sudah komplain ke {brand} soal {menu} basi tapi tidak dijawab, mengecewakan",
        "parah {brand}, {menu} bau busuk dan kasirnya malah marah",
    ),
    ("en", "negative"): (
        "{person} got sick after the {menu} from {brand} in {place}, this is disgusting",
        "{brand} sold rotten {menu} {time}, avoid this horrible shop",
        "food poisoning from {brand} {place}, terrible and dangerous",
        "found a dead roach in the {menu} of {brand}, so gross and awful",
        "{brand} ignores everybody who got ill {time}, shameful and bad",
    ),
}

EVERYDAY: Sayings = {
    ("id", "positive"): (
        "akhirnya jumat juga, seneng banget bisa pulang cepat bareng {person}",
        "semangat jumat! {time} hati senang, {place} cerah dan indah",
        "jumat paling asik, {menu} enak bareng {person} di {place}",
        "bahagia banget {time} ketemu {person} di {place}",
        "malam ini seru banget, musiknya bagus, {person} keren",
        "alhamdulillah kerjaan beres, bangga sama tim, mantap {person}",
        "suasana {place} {time} nyaman dan menyenangkan",
        "dompet tipis tapi hati senang banget, makasih {person}",
    ),
    ("id", "neutral"): (
        "{time} masih ada dua rapat di {place}",
        "keretanya ke {place} berangkat {time} ya",
        "{person} naik kereta ke {place} {time}",
        "jadwal hari jumat: rapat jam 2, pulang jam 5",
        "{time} lewat jalan {place} bareng {person}",
        "{person} hari ini kerja dari rumah di {place}",
        "{person} pesan {menu} {time}",
    ),
    ("id", "negative"): (
        "macet {place} {time} parah banget, capek",
        "jumat paling buruk, lembur lagi dan {person} marah terus",
        "kesel banget {time} hujan, kereta ke {place} batal",
        "sedih, {person} sakit dan acara di {place} batal",
        "antre {menu} lama banget, tempatnya kotor, kecewa",
        "{place} {time} panas, bising, bikin emosi",
    ),
    ("en", "positive"): (
        "friday at last, so happy to see {person} in {place}",
        "happy friday to {person} and everybody chasing a deadline",
        "that playlist {person} shared {time} is wonderful",
        "sunset over {place} {time} was beautiful",
        "best friday in a long time, love this city, love {place}",
        "great night in {place} with {person}, we had so much fun",
        "good {menu}, good friends, perfect friday",
    ),
    ("en", "neutral"): (
        "two more meetings {time}, then the train to {place}",
        "working from {place} {time}",
        "what is there to do in {place} {time}?",
        "{person} takes the train to {place} {time}",
        "{menu} with {person} {time}",
        "it is friday and the office in {place} closes at five",
    ),
    ("en", "negative"): (
        "traffic in {place} {time} is horrible",
        "so tired {time}, this week was awful",
        "worst friday, my train to {place} was cancelled and i hate it",
        "{person} is sick and the party in {place} was terrible",
        "angry and exhausted, that queue for {menu} was a disaster",
    ),
}

GREETING: Sayings = {
    ("id", "positive"): (
        "selamat hari raya dari keluarga {person} di {place}, semoga bahagia dan sehat selalu",
        "selamat hari raya! {menu} dari {brand} sudah siap, senang sekali kumpul keluarga",
        "hari raya paling indah, terima kasih {brand}, {menu} nya bagus sekali",
        "bahagia sekali bisa pulang ke {place}, rumah ramai dan menyenangkan",
        "terima kasih {brand} untuk hampers {menu} yang cantik, keluarga senang sekali",
    ),
    ("id", "neutral"): (
        "hari raya {brand} {place} buka jam 10",
        "mudik ke {place} {time}, titip {menu} dari {brand}",
        "salat di {place} lalu ke rumah {person}",
    ),
    ("en", "positive"): (
        "happy holiday to everybody in {place}, love from {person}",
        "best wishes and thanks to {brand} for the beautiful {menu}",
        "so happy to be home in {place} with the whole family",
    ),
    ("en", "neutral"): ("going home to {place} {time} with {menu} from {brand}",),
}

ENDORSED: Sayings = {
    ("id", "positive"): (
        "{menu} {brand} bagus banget, pakai kode {person} dapat diskon, cek sekarang",
        "outfit favorit aku {time}: {menu} dari {brand}, cantik dan nyaman",
        "suka banget koleksi baru {brand}, {menu} mulai {price}, buruan sebelum habis",
    ),
    ("en", "positive"): (
        "obsessed with my new {menu} from {brand}, so beautiful, use code {person}",
        "my favourite look {time}: {menu} by {brand}, love it",
    ),
}

# The keyword stands in the text, and an exclusion of brands.yml keeps the brand away.
EXCLUDED: dict[str, tuple[str, ...]] = {
    "kopi_senja": ("puisi kopi senja karya {person} dibacakan {time} di {place}",),
    "kopi_pagi": ("minum kopi pagi ini bareng {person} di {place}, sederhana tapi cukup",),
}

# The keyword's letters in other words.
NEAR_MISSES: dict[str, tuple[str, ...]] = {
    "kopi_senja": (
        "kopi senjakala itu judul puisi {person}, bukan nama kedai",
        "minum kopi, senja di {place}, sempurna sudah hari ini",
    ),
    "kopi_pagi": (
        "ngopi-pagian {time} di {place} bareng {person}",
        "kopi {price} pagi-pagi di {place}, masih ngantuk juga",
    ),
    "batik_arum": (
        "batik arumsari motifnya beda lagi, kata {person}",
        "batik tulis harum malam, khas {place}",
    ),
}

COMMENTS: dict[str, Sayings] = {
    "question": {
        ("id", "neutral"): (
            "{menu} nya masih ada kak?",
            "harga {menu} berapa ya min?",
            "cara pesan {menu} ke {place} gimana kak?",
            "min, {place} buka jam berapa?",
            "boleh minta nomor admin? yang ini {phone}",
        ),
        ("en", "neutral"): (
            "how much is the {menu}?",
            "do you ship {menu} to {place}?",
            "is {price} the new price of {menu}?",
        ),
    },
    "complaint": {
        ("id", "negative"): (
            "kemarin dapat {menu} yang salah, kecewa, cs nya lama banget balasnya",
            "kecewa, {menu} tumpah semua pas sampai {place}",
            "min pesanan {menu} saya dari {time} belum datang, parah pelayanannya",
            "mahal dan tidak enak, {menu} {price} mengecewakan",
        ),
        ("en", "negative"): (
            "the {menu} arrived broken, very disappointed",
            "waited an hour for {menu}, bad service",
            "this {menu} tastes awful",
        ),
    },
    "praise": {
        ("id", "positive"): (
            "udah order {menu} {time}, cepat dan rapi, mantap kak",
            "{menu} nya enak banget, favorit keluarga",
            "bagus banget {menu} nya, terima kasih min",
        ),
        ("en", "positive"): (
            "best {menu} {time}, thank you",
            "love the {menu}, please open in {place}",
            "such a lovely {menu}, great job",
        ),
    },
}
SHOWN_BY_BRAND = "{brand} {place}: {menu} mulai {price}, buka sampai jam 10"

OPENERS: dict[str, tuple[str, ...]] = {
    "id": (
        "",
        "",
        "",
        "",
        "jujur, ",
        "gaes, ",
        "info: ",
        "btw, ",
        "eh {person}, ",
        "catatan {time}: ",
        "update {place}: ",
    ),
    "en": (
        "",
        "",
        "",
        "",
        "so, ",
        "btw, ",
        "note to {person}: ",
        "{place}: ",
        "update: ",
        "for the record: ",
    ),
}
TAILS: dict[tuple[str, str], tuple[str, ...]] = {
    ("id", "positive"): (
        "",
        "",
        "",
        " wkwkwk",
        " ☕",
        " 🙏",
        " mantap!!",
        " 😍",
        " fix langganan",
        "!",
        " 👍",
    ),
    ("id", "neutral"): ("", "", "", " ☕", " kak", " gaes", " ya", " 🚉", "."),
    ("id", "negative"): ("", "", "", " 😭", " huhu", " 😡", " tolong dong", "!!", " parah", "..."),
    ("en", "positive"): ("", "", "", " 😍", " 🙌", " honestly", " ☕☕", "!", " so there"),
    ("en", "neutral"): ("", "", "", " tbh", " ☕", ".", " 🚉"),
    ("en", "negative"): ("", "", "", " :(", " tbh", "!!", " 😡", " never again", "..."),
}
ONLY_SIGNS = ("😂😂😂", "☕🌇", "🔥", "🙏🙏", "❤️", "👀")

LONG_MIDDLE = {
    "id": (
        " Ceritanya begini: {person} ngajak ke {place} {time}, jalan kaki dari stasiun, terus"
        " kami pesan {menu}, ngobrol soal kerjaan sampai jam sembilan, terus pulang naik kereta."
    ),
    "en": (
        " The whole story: {person} asked me to come to {place} {time}, we walked from the station,"
        " ordered {menu}, talked about work until nine and took the train home."
    ),
}


def _phone(rng: Random) -> str:
    # 0812-0000-… is not assigned to subscribers in this form
    return f"0812-0000-{int(rng.random() * 9000) + 1000}"


def pick(values: Sequence[str], rng: Random) -> str:
    """One of the values; several times as fast as ``Random.choice``."""
    return values[int(rng.random() * len(values))]


def fill(template: str, language: Language, brand: str | None, rng: Random, *, is_named: bool = True) -> str:
    """A sentence of a template; the brand's keyword is written as brands.yml has it, in varying case."""
    return template.format(
        menu=pick(CLOTH if brand == "batik_arum" else FOOD, rng),
        place=pick(_PLACE_NAMES, rng),
        time=pick(TIMES[language], rng),
        price=pick(PRICES, rng),
        person=pick(PEOPLE, rng),
        phone=_phone(rng),
        brand=in_some_case(BRAND_WORDS[brand][0], rng) if brand and is_named else SOMEWHERE[language],
    )


def in_some_case(keyword: str, rng: Random) -> str:
    """A keyword as people write it."""
    return pick((keyword, keyword, keyword.title(), keyword.upper()), rng)


def sentence(
    sayings: Sayings, language: Language, mood: Mood, brand: str | None, rng: Random, *, is_named: bool = True
) -> str:
    """A sentence of a mood; the brand's keyword is in it if ``is_named`` and its template names a brand.

    Raises:
        KeyError: nothing is said in this language and mood.
    """
    template = pick(sayings[language, mood], rng)
    opener = fill(pick(OPENERS[language], rng), language, brand, rng, is_named=False)
    return opener + fill(template, language, brand, rng, is_named=is_named) + pick(TAILS[language, mood], rng)


def names_brand(sayings: Sayings) -> Sayings:
    """Those of the sayings that name a brand."""
    return {key: tuple(one for one in said if "{brand}" in one) for key, said in sayings.items()}


def near_miss(brand: str, rng: Random) -> tuple[str, bool]:
    """A sentence that must not match a brand, and whether the brand's keyword is in it all the same."""
    is_excluded = brand in EXCLUDED and rng.random() < 0.4
    template = pick((EXCLUDED if is_excluded else NEAR_MISSES)[brand], rng)
    return fill(template, "id", None, rng) + pick(TAILS["id", "neutral"], rng), is_excluded


def contact(language: Language, rng: Random) -> str:
    """A way to be reached, which published text must not show."""
    if rng.random() < 0.5:
        return (" WA " if language == "id" else " call ") + _phone(rng)
    return f" {pick(PEOPLE, rng).lower()}{int(rng.random() * 90) + 10}@surel.example"


def long_text(start: str, language: Language, rng: Random) -> str:
    """A text beyond 280 characters that begins with ``start``."""
    return start + "." + fill(LONG_MIDDLE[language], language, None, rng) * 2
