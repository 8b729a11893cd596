"""The brief's words in both languages, and numbers and days as each language writes them."""

import re
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Literal

Language = Literal["id", "en"]
Form = Literal["count", "signed_count", "decimal", "signed_decimal"]

MINUS = "−"
NARROW = {"id": (".", ","), "en": (",", ".")}
"""Thousands and decimal signs."""

DAYS = {
    "id": ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
MONTHS = {
    "id": (
        *("Januari", "Februari", "Maret", "April", "Mei", "Juni"),
        *("Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    ),
    "en": (
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
}


def number(value: Decimal | int, form: Form, language: Language) -> str:
    """A number as the language writes it: 1.234,5 in Indonesian, 1,234.5 in English."""
    places = 0 if form.endswith("count") else 1
    rounded = shown(Decimal(value), form)
    thousands, decimal = NARROW[language]
    whole, _, part = f"{abs(rounded):,.{places}f}".partition(".")
    text = whole.replace(",", thousands) + (decimal + part if part else "")
    if rounded < 0:
        return MINUS + text
    return f"+{text}" if form.startswith("signed") and rounded > 0 else text


def shown(value: Decimal, form: Form) -> Decimal:
    """The value rounded as it is shown."""
    places = Decimal(1) if form.endswith("count") else Decimal("0.1")
    return value.quantize(places, rounding=ROUND_HALF_UP)


def read(text: str, language: Language) -> Decimal:
    """The number that a text of the language stands for.

    Raises:
        ValueError: the text is not one number of that language.
    """
    thousands, decimal = (re.escape(sign) for sign in NARROW[language])
    if not re.fullmatch(rf"[+{MINUS}]?\d{{1,3}}(?:{thousands}\d{{3}})*(?:{decimal}\d+)?", text):
        raise ValueError(f"{text!r} is not a number as {language!r} writes it")
    plain = text.replace(NARROW[language][0], "").replace(NARROW[language][1], ".")
    return Decimal(plain.replace(MINUS, "-"))


def day_in_words(day: date, language: Language) -> str:
    """A day as it is said: Jumat, 7 November 2025."""
    return f"{weekday(day, language)}, {day.day} {MONTHS[language][day.month - 1]} {day.year}"


def weekday(day: date, language: Language) -> str:
    """The name of the day's weekday."""
    return DAYS[language][day.weekday()]


PLATFORMS = {
    "x": "X",
    "instagram": "Instagram",
    "tiktok": "TikTok",
    "youtube": "YouTube",
    "facebook": "Facebook",
    "threads": "Threads",
    "mastodon": "Mastodon",
    "bluesky": "Bluesky",
    "reddit": "Reddit",
    "tokopedia": "Tokopedia",
}
