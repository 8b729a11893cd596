"""Invented sentences for the demo's posts, in Indonesian and English, and how they are put together.

Brands of the demo and their words are those of the project's ``brands.yml``. Placeholders: ``{menu}``
something to order, ``{place}``, ``{time}``, ``{price}``, ``{person}``, ``{phone}``, ``{brand}`` a keyword.
"""

from random import Random

BRAND_WORDS: dict[str, tuple[str, str, str]] = {
    # brand: keyword, hashtag, handle
    "kopi_senja": ("kopi senja", "kopisenja", "kopisenjaid"),
    "kopi_pagi": ("kopi pagi", "kopipagi", "kopipagiid"),
    "batik_arum": ("batik arum", "batikarum", "batikarumid"),
}

PLACES = (
    "Bandung",
    "Jakarta Selatan",
    "Yogyakarta",
    "Surabaya",
    "Solo",
    "Depok",
    "Malang",
    "Semarang",
    "Tangsel",
)
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
)
TIMES = {
    "id": ("tadi pagi", "barusan", "semalam", "jam istirahat", "pulang kerja", "hari ini"),
    "en": ("this morning", "just now", "last night", "on my lunch break", "after work", "today"),
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

ABOUT_BRAND: dict[str, tuple[str, ...]] = {
    "id": (
        "{menu} di {brand} enak banget, {time} mampir lagi",
        "akhirnya nyobain {menu} punya {brand}, worth it sih {price}",
        "pelayanan {brand} {place} lambat bgt, nunggu {menu} hampir sejam",
        "kecewa sama {brand}, {menu} {price} tapi rasanya hambar",
        "{brand} cabang {place} baru buka, antre panjang dari {time}",
        "yg bilang {menu} {brand} biasa aja berarti belum nyoba pas {time}",
        "gak nyangka {menu} dari {brand} sebagus ini, makasih {person}!",
        "min {brand}, pesanan {menu} saya kok belum datang ya? udah dari {time}",
        "harga {menu} {brand} naik jadi {price}, masih sepadan gak menurut kalian?",
        "tiap {time} pasti ketemu {person} di {brand} {place} wkwk",
        "{brand} tuh konsisten, {menu} nya ga pernah gagal",
        "kemasan {menu} {brand} rusak pas sampe {place}, tolong dong diganti",
    ),
    "en": (
        "finally tried {menu} from {brand} {time} and it is really good",
        "{brand} in {place} was terrible {time}, waited an hour for {menu}",
        "the {menu} at {brand} is okay, nothing special for {price}",
        "love how {brand} treats its people, great {menu} too",
        "not happy with {brand}: cold {menu}, rude answer, never again",
        "{person} took me to {brand} {time}, best {menu} in {place}",
        "is it just me or did {brand} get worse? {menu} tasted awful",
        "thank you {brand} for the quick refund of my {menu}, respect",
        "{brand} {place}: friendly staff, lovely {menu}, fair at {price}",
        "meeting {person} at {brand} {time}, anyone else coming?",
    ),
}

ABOUT_NOTHING: dict[str, tuple[str, ...]] = {
    "id": (
        "akhirnya jumat juga, {time} masih ada dua rapat",
        "macet {place} {time} parah, mending naik kereta",
        "siapa yang wfh {time}? {place} hujan terus",
        "butuh rekomendasi tempat kerja di {place} yang tenang",
        "semangat jumat buat {person} dan semua yang lagi ngejar deadline",
        "{person} ulang tahun {time}, doain ya gaes",
        "gabut bgt {time}, enaknya ngapain ya di {place}",
        "dompet tipis tapi hati senang, gajian masih lama wkwkwk",
        "ketemu kucing oren di {place} {time}, langsung bad mood ilang",
        "kangen suasana {place} pas {time}",
    ),
    "en": (
        "friday at last, two more meetings {time}",
        "traffic in {place} {time} is horrible, taking the train",
        "working from home {time}, rain in {place} again",
        "any quiet place to work in {place}? asking for {person}",
        "happy friday to {person} and everybody chasing a deadline",
        "that playlist {person} shared {time} is wonderful",
        "so tired {time}, this week was awful",
        "no plans {time}, what is there to do in {place}?",
        "sunset over {place} {time} was beautiful",
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

COMMENTS: dict[str, tuple[str, ...]] = {
    "id": (
        "mau dong {menu} nya, {place} kapan buka?",
        "udah order {menu} {time}, cepet dan rapi, mantap kak",
        "kok mahal ya {menu} {price} 😢",
        "kemarin dapet {menu} yg salah, cs nya lama balesnya",
        "{person} ayo ke sini {time}!",
        "enak sih, tapi tempatnya sempit",
        "pertahankan kualitasnya min, {menu} favorit keluarga",
        "kecewa, {menu} tumpah semua pas nyampe {place}",
        "boleh minta nomor admin? yang ini {phone} ga aktif",
    ),
    "en": (
        "love the {menu}, please open in {place}",
        "the {menu} arrived broken, very disappointed",
        "best {menu} {time}, thank you",
        "is {price} the new price?",
        "{person} we have to go {time}",
        "not good anymore, the old {menu} was better",
    ),
}

TAILS: dict[str, tuple[str, ...]] = {
    "id": (
        "",
        "",
        "",
        " wkwkwk",
        " 😭",
        " 🔥🔥",
        " fix langganan",
        " huhu",
        " mantap!!",
        " ☕",
        " 🙏",
        " cmiiw",
    ),
    "en": ("", "", "", " lol", " 😍", " 🔥", " honestly", " ngl", " ☕☕", " 🙌", " :(", " tbh", " so yeah"),
}
ONLY_SIGNS = ("😂😂😂", "☕🌇", "🔥", "🙏🙏", "❤️", "👀")

LONG_MIDDLE = {
    "id": (
        " Ceritanya begini: {person} ngajak ke {place} {time}, awalnya ragu karena hujan, tapi ternyata"
        " jalanan lancar dan tempatnya masih sepi. Kami pesan {menu}, ngobrol lama soal kerjaan, terus"
        " pulang naik kereta."
    ),
    "en": (
        " Long story: {person} asked me to come to {place} {time}, I hesitated because of the rain, but"
        " the road was clear and the place almost empty. We ordered {menu}, talked about work for hours"
        " and took the train home."
    ),
}


def _phone(rng: Random) -> str:
    # 0812-0000-… is not assigned to subscribers in this form
    return f"0812-0000-{rng.randrange(1000, 9999)}"


def fill(template: str, language: str, brand: str | None, rng: Random) -> str:
    """A sentence of a template; the brand's keyword is written as brands.yml has it, in varying case."""
    values = {
        "menu": rng.choice(CLOTH if brand == "batik_arum" else FOOD),
        "place": rng.choice(PLACES),
        "time": rng.choice(TIMES[language]),
        "price": rng.choice(PRICES),
        "person": rng.choice(PEOPLE),
        "phone": _phone(rng),
        "brand": _in_some_case(BRAND_WORDS[brand][0], rng) if brand else "",
    }
    return template.format(**values)


def _in_some_case(keyword: str, rng: Random) -> str:
    return rng.choice((keyword, keyword, keyword.title(), keyword.upper()))


def sentence(language: str, brand: str | None, rng: Random) -> str:
    """A sentence about a brand (its keyword in it), or about nothing in particular."""
    choices = (ABOUT_BRAND if brand else ABOUT_NOTHING)[language]
    return fill(rng.choice(choices), language, brand, rng) + rng.choice(TAILS[language])


def near_miss(brand: str, rng: Random) -> tuple[str, bool]:
    """A sentence that must not match a brand, and whether the brand's keyword is in it all the same."""
    is_excluded = brand in EXCLUDED and rng.random() < 0.4
    template = rng.choice((EXCLUDED if is_excluded else NEAR_MISSES)[brand])
    return fill(template, "id", None, rng) + rng.choice(TAILS["id"]), is_excluded


def comment(language: str, brand: str, rng: Random) -> str:
    """What somebody writes under a brand's own post."""
    return fill(rng.choice(COMMENTS[language]), language, brand, rng) + rng.choice(TAILS[language])


def contact(language: str, rng: Random) -> str:
    """A way to be reached, which published text must not show."""
    if rng.random() < 0.5:
        return (" WA " if language == "id" else " call ") + _phone(rng)
    return f" {rng.choice(PEOPLE).lower()}{rng.randrange(10, 99)}@surel.example"


def long_text(start: str, language: str, rng: Random) -> str:
    """A text beyond 280 characters that begins with ``start``."""
    return start + "." + fill(LONG_MIDDLE[language], language, None, rng) * 2
