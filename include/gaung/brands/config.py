"""``brands.yml``: clients, brands, their panels and words, checked field by field.

Every fault names the file, the line, the field and what to do; all faults are told at once.
"""

import csv
import difflib
import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import available_timezones

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from gaung.brands.lines import Document, Fault, FieldPath, read
from gaung.contract import PLATFORMS
from gaung.settings import get_settings

MATCHER_VERSION = "1"
"""Of the matching rules; a change of them re-matches every brand."""

LANGUAGES = ("id", "en", "ms")

MOST_TARGET_WORDS = 4
"""Of a target term or a product, as many as :mod:`gaung.text.names` finds in a text."""

Slug = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,62}$")]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, str_strip_whitespace=True)


class Client(_Part):
    """Whom brands belong to: an owner, or a consultancy that serves several."""

    id: Slug
    name: Words


class Recipient(_Part):
    """Who receives a brand's reports."""

    name: Words | None = None
    email: str
    language: Literal["id", "en"] = "id"

    @field_validator("email")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
            raise ValueError(f"{value!r} is not an e-mail address; write name@example.com")
        return value


class EarlierPanel(_Part):
    """Whom a brand was compared with up to a day, before its panel changed."""

    until: date
    competitors: list[Slug] = []


class Product(_Part):
    """Something that a brand sells, found in posts of the brand.

    Attributes:
        id: unlike any other product's of the file.
        name: as tables show it, found as well.
        aliases: other spellings.
    """

    id: Slug
    name: Words
    aliases: list[Words] = []

    @property
    def spellings(self) -> tuple[str, ...]:
        """All that may name it in a text."""
        return self.name, *self.aliases


@dataclass(frozen=True)
class PanelPeriod:
    """The brands of a panel from one local date to another, both included.

    Attributes:
        series_id: names the set of brands; shares of two series cannot be compared.
    """

    members: tuple[str, ...]
    first_date: date
    last_date: date

    @property
    def series_id(self) -> str:
        """A short hash of the members."""
        return hashlib.sha256(",".join(self.members).encode()).hexdigest()[:12]


FIRST_DATE, LAST_DATE = date(1, 1, 1), date(9999, 12, 31)


def _plain_hashtag(value: str) -> str:
    tag = value.lstrip("#＃")
    if not re.fullmatch(r"\w+", tag):
        raise ValueError(f'{value!r} is not one hashtag; write it without spaces or signs, e.g. "#kopisenja"')
    return tag


class Brand(_Part):
    """One brand, what names it, and whom it is compared with.

    Attributes:
        keywords: words and phrases that name the brand in a text.
        aliases: other spellings and nicknames, matched like keywords.
        hashtags: without spaces; the sign is optional.
        targets: words and phrases that posts of the brand should hold; they match no post, and
            ``target_term_coverage`` says how many posts hold each (keywords and hashtags as well).
        products: what it sells; they match no post, and ``fct_post_entity`` has those that its posts name.
        handles: its own accounts by platform.
        context: if given, a keyword or alias counts only where one of these stands in the same text.
        exclusions: where one of these stands in the text, neither word nor hashtag counts.
        competitors: ids of other brands; with the brand itself they are its panel.
        earlier_panels: other competitors that the brand had up to a day (its local date).
    """

    id: Slug
    name: Words
    client: Slug
    is_synthetic: bool = False
    timezone: str
    languages: list[Literal["id", "en", "ms"]] = Field(min_length=1)
    keywords: list[Words] = []
    aliases: list[Words] = []
    hashtags: list[Words] = []
    targets: list[Words] = []
    products: list[Product] = []
    handles: dict[str, list[Words]] = {}
    context: list[Words] = []
    exclusions: list[Words] = []
    competitors: list[Slug] = []
    earlier_panels: list[EarlierPanel] = []
    recipients: list[Recipient] = []

    @field_validator("timezone")
    @classmethod
    def _is_iana(cls, value: str) -> str:
        zones = _zones()
        if value not in zones:
            near = difflib.get_close_matches(value, sorted(zones), n=1)
            hint = (
                f"did you mean {near[0]}?"
                if near
                else "write e.g. Asia/Jakarta, Asia/Makassar, Asia/Jayapura"
            )
            raise ValueError(f"{value!r} is not an IANA time zone; {hint}")
        return value

    @field_validator("hashtags")
    @classmethod
    def _are_hashtags(cls, values: list[str]) -> list[str]:
        return [_plain_hashtag(value) for value in values]

    @field_validator("handles")
    @classmethod
    def _are_handles(cls, values: dict[str, list[str]]) -> dict[str, list[str]]:
        for platform, handles in values.items():
            if platform not in PLATFORMS:
                raise ValueError(f"{platform!r} is not a platform; known: {', '.join(PLATFORMS)}")
            for handle in handles:
                if not re.fullmatch(r"@?[\w](?:[\w.\-]*[\w])?(?:@[\w.\-]+)?_*", handle):
                    raise ValueError(f'{handle!r} is not a handle; write the name alone, e.g. "@kopisenjaid"')
        return {platform: [h.lstrip("@").lower() for h in handles] for platform, handles in values.items()}

    @property
    def panel(self) -> list[PanelPeriod]:
        """The brand and its competitors, period by period; times without competitors are left out."""
        ordered = sorted(self.earlier_panels, key=lambda entry: entry.until)
        ends = [*((entry.until, entry.competitors) for entry in ordered), (LAST_DATE, self.competitors)]
        starts = [FIRST_DATE, *(entry.until + timedelta(days=1) for entry in ordered)]
        return [
            PanelPeriod(tuple(sorted({self.id, *competitors})), first, last)
            for first, (last, competitors) in zip(starts, ends, strict=True)
            if competitors
        ]

    @property
    def phrases(self) -> list[str]:
        """Keywords and aliases: all that may name the brand in a text."""
        return [*self.keywords, *self.aliases]

    @property
    def spellings(self) -> tuple[str, ...]:
        """How it is written, each once: name, keywords, aliases, hashtags."""
        return tuple(dict.fromkeys((self.name, *self.phrases, *self.hashtags)))

    @property
    def matcher_hash(self) -> str:
        """Hash of everything that decides which posts match; its change re-matches the brand."""
        parts = {
            "rules": MATCHER_VERSION,
            "phrases": sorted({fold(word) for word in self.phrases}),
            "hashtags": sorted({fold(tag) for tag in self.hashtags}),
            "handles": sorted((platform, h) for platform, hs in self.handles.items() for h in set(hs)),
            "context": sorted({fold(word) for word in self.context}),
            "exclusions": sorted({fold(word) for word in self.exclusions}),
        }
        return hashlib.sha256(json.dumps(parts, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


class Watch(_Part):
    """A discovery query of no brand: what is collected, and counted as topics."""

    id: Slug
    keywords: list[Words] = []
    hashtags: list[Words] = []
    languages: list[Literal["id", "en", "ms"]] = []
    is_synthetic: bool = False

    @field_validator("hashtags")
    @classmethod
    def _are_hashtags(cls, values: list[str]) -> list[str]:
        return [_plain_hashtag(value) for value in values]


class Brands(_Part):
    """The whole file."""

    clients: list[Client] = Field(min_length=1)
    brands: list[Brand] = Field(min_length=1)
    watch: list[Watch] = []

    @property
    def matcher_hash(self) -> dict[str, str]:
        """The hash of each brand's matcher by brand id."""
        return {brand.id: brand.matcher_hash for brand in self.brands}

    @property
    def allowed_handles(self) -> frozenset[str]:
        """The brands' own handles, lower case without ``@``: the only ones a published text may show."""
        return frozenset(
            handle for brand in self.brands for handles in brand.handles.values() for handle in handles
        )

    @property
    def topic_keywords(self) -> tuple[str, ...]:
        """Declared keywords, of brands and of ``watch``, each once, sorted."""
        words = [w for brand in self.brands for w in brand.keywords]
        words += [w for query in self.watch for w in query.keywords]
        return tuple(sorted(set(words)))

    def brand(self, brand_id: str) -> Brand:
        """The brand with this id; KeyError names the known ones."""
        for brand in self.brands:
            if brand.id == brand_id:
                return brand
        raise KeyError(f"no brand {brand_id!r} in brands.yml; known: {', '.join(b.id for b in self.brands)}")


def load(path: Path | None = None) -> Brands:
    """The checked content of brands.yml (default: the setting ``brands_file``).

    Raises:
        SettingsInvalid: with file, line, field and what to do, for every fault found.
    """
    document = read(path or get_settings().brands_file)
    document.refuse(document.faults)
    if not isinstance(document.data, dict):
        document.refuse([Fault((), "holds no brands; it needs `clients:` and `brands:` – run `gaung init`")])
    try:
        brands = Brands.model_validate(document.data)
    except ValidationError as error:
        document.refuse([_fault(document, detail) for detail in error.errors()])
        raise  # refuse() has raised
    document.refuse(list(_cross_faults(brands)))
    return brands


def fold(word: str) -> str:
    """A word as comparisons see it: lower case, without accents, one space between parts."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", word) if not "\u0300" <= c <= "\u036f")
    return " ".join(re.sub(r"[\s\-_'’‘`]+", " ", plain.lower()).split())


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


@lru_cache(maxsize=1)
def ordinary_words() -> frozenset[str]:
    """Everyday words of Indonesian and English that cannot name a brand alone."""
    with resources.files("gaung.brands").joinpath("ordinary_words.csv").open(encoding="utf-8") as file:
        return frozenset(row["word"] for row in csv.DictReader(file))


def _fault(document: Document, detail: Any) -> Fault:
    path: FieldPath = tuple(detail["loc"])
    kind, value = detail["type"], detail.get("input")
    if kind == "extra_forbidden":
        return Fault(path, f"unknown field; {_nearest(document, path)}")
    if kind == "missing":
        return Fault(path, "is missing; add it")
    if kind == "string_type":
        return Fault(path, _not_text(value))
    if kind == "string_pattern_mismatch":
        return Fault(
            path, f"{value!r} is not an id; use lower-case letters, digits and _, starting with a letter"
        )
    if kind in ("list_type", "dict_type"):
        form = "a list, e.g. [one, two]" if kind == "list_type" else "fields, e.g. x: [handle]"
        return Fault(path, f"must be {form}")
    message = detail["msg"].removeprefix("Value error, ")
    return Fault(path, message if kind == "value_error" else f"{value!r}: {message}")


def _not_text(value: object) -> str:
    if value is None:
        return 'is empty; a value that starts with # must stand in quotes, e.g. "#kopisenja"'
    return f'{value!r} was read as {type(value).__name__}, not text; put it in quotes: "{value}"'


def _nearest(document: Document, path: FieldPath) -> str:
    models: dict[str, type[_Part]] = {"clients": Client, "brands": Brand, "watch": Watch}
    model: type[_Part] = Brands if len(path) == 1 else models.get(str(path[0]), Brands)
    if "recipients" in path[:-1]:
        model = Recipient
    if "earlier_panels" in path[:-1]:
        model = EarlierPanel
    if "products" in path[:-1]:
        model = Product
    names = list(model.model_fields)
    near = difflib.get_close_matches(str(path[-1]), names, n=1)
    return f"did you mean {near[0]!r}?" if near else f"known: {', '.join(names)}"


def _cross_faults(brands: Brands) -> Iterator[Fault]:
    clients = {client.id for client in brands.clients}
    yield from _twice(("clients",), [c.id for c in brands.clients], "client id")
    yield from _twice(("brands",), [b.id for b in brands.brands], "brand id")
    yield from _twice(("watch",), [w.id for w in brands.watch], "query id")
    ids = {brand.id for brand in brands.brands}
    for index, brand in enumerate(brands.brands):
        at: FieldPath = ("brands", index)
        if brand.client not in clients:
            known = ", ".join(sorted(clients))
            yield Fault((*at, "client"), f"{brand.client!r} is not among the clients; known: {known}")
        yield from _panel_faults(brand, ids, at)
        yield from _word_faults(brand, at)
        yield from _product_faults(brand, at)
    yield from _handle_faults(brands)
    yield from _product_id_faults(brands)
    for index, query in enumerate(brands.watch):
        if not query.keywords and not query.hashtags:
            yield Fault(("watch", index), "has neither keywords nor hashtags; add one")


def _panel_faults(brand: Brand, ids: set[str], at: FieldPath) -> Iterator[Fault]:
    panels: list[tuple[FieldPath, list[str]]] = [((*at, "competitors"), brand.competitors)]
    for index, earlier in enumerate(brand.earlier_panels):
        panels.append(((*at, "earlier_panels", index, "competitors"), earlier.competitors))
    for path, competitors in panels:
        for position, other in enumerate(competitors):
            if other not in ids or other == brand.id:
                yield Fault((*path, position), f"{other!r} must be the id of another brand of this file")
    ends = [str(earlier.until) for earlier in brand.earlier_panels]
    yield from _twice((*at, "earlier_panels"), ends, "end of a panel")


_WORD_LISTS = (
    *("keywords", "aliases", "hashtags", "targets", "context", "exclusions"),
    *("competitors", "languages"),
)
"""Lists in which an entry stands once."""


def _word_faults(brand: Brand, at: FieldPath) -> Iterator[Fault]:
    if not (brand.phrases or brand.hashtags or brand.handles):
        yield Fault(at, f"brand {brand.id!r} can match nothing; add keywords, hashtags or handles")
    for name in _WORD_LISTS:
        yield from _twice((*at, name), [fold(word) for word in getattr(brand, name)], "entry")
    taken = {fold(word) for word in brand.keywords}
    for position, word in enumerate(brand.aliases):
        if fold(word) in taken:
            yield Fault((*at, "aliases", position), f"{word!r} is already a keyword of this brand; keep one")
    for position, word in enumerate(brand.targets):
        if not 0 < len(fold(word).split()) <= MOST_TARGET_WORDS:
            yield Fault((*at, "targets", position), f"{word!r} must have one to {MOST_TARGET_WORDS} words")
    for name in ("keywords", "aliases"):
        for position, word in enumerate(getattr(brand, name)):
            yield from _ordinary_fault(brand, word, (*at, name, position))
    for position, word in enumerate(brand.exclusions):
        if fold(word) in {fold(phrase) for phrase in brand.phrases}:
            yield Fault(
                (*at, "exclusions", position), f"{word!r} is also a keyword or alias: it would never match"
            )


def _ordinary_fault(brand: Brand, word: str, path: FieldPath) -> Iterator[Fault]:
    plain = fold(word)
    if not any(c.isalnum() for c in plain):
        yield Fault(path, f"{word!r} has no letter or digit")
    elif (plain in ordinary_words() or len(plain) < 3) and not brand.context:
        yield Fault(
            path,
            f"{word!r} is an ordinary or very short word and would match posts about anything; "
            "use a longer phrase, or add `context:` words of which one must stand in the post too",
        )


def _product_faults(brand: Brand, at: FieldPath) -> Iterator[Fault]:
    """Spellings that no text can hold, or of which it would not be known which product they mean."""
    owners: dict[str, str] = {}
    for index, product in enumerate(brand.products):
        fields = [("name",), *(("aliases", position) for position in range(len(product.aliases)))]
        for field, spelling in zip(fields, product.spellings, strict=True):
            path: FieldPath = (*at, "products", index, *field)
            words = re.findall(r"\w+|[^\w\s]", fold(spelling))
            if not any(c.isalnum() for c in spelling):
                yield Fault(path, f"{spelling!r} has no letter or digit")
            elif len(words) > MOST_TARGET_WORDS:
                yield Fault(
                    path,
                    f"{spelling!r} has {len(words)} words and signs; write at most {MOST_TARGET_WORDS}, "
                    "as people do",
                )
            owner = owners.setdefault(fold(spelling), product.id)
            if owner != product.id:
                yield Fault(path, f"{spelling!r} already names product {owner!r}; keep one")
        yield from _twice(
            (*at, "products", index, "aliases"), [fold(word) for word in product.aliases], "entry"
        )


def _product_id_faults(brands: Brands) -> Iterator[Fault]:
    seen: dict[str, str] = {}
    for index, brand in enumerate(brands.brands):
        for position, product in enumerate(brand.products):
            owner = seen.setdefault(product.id, brand.id)
            path = ("brands", index, "products", position, "id")
            if owner != brand.id:
                yield Fault(path, f"product id {product.id!r} already belongs to brand {owner!r}")
        ids = [product.id for product in brand.products]
        yield from _twice(("brands", index, "products"), ids, "product id")


def _handle_faults(brands: Brands) -> Iterator[Fault]:
    seen: dict[tuple[str, str], str] = {}
    for index, brand in enumerate(brands.brands):
        for platform, handles in brand.handles.items():
            for position, handle in enumerate(handles):
                owner = seen.setdefault((platform, handle), brand.id)
                path = ("brands", index, "handles", platform, position)
                if owner != brand.id:
                    yield Fault(path, f"@{handle} on {platform} already belongs to brand {owner!r}")
            yield from _twice(("brands", index, "handles", platform), handles, "handle")


def _twice(path: FieldPath, values: Iterable[str], what: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        if value in seen:
            yield Fault((*path, index), f"{what} {value!r} stands here twice; keep one")
        seen.add(value)
