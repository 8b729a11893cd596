"""From a brand and a day to a checked page in a file, and to each recipient at most once."""

import hashlib
import hmac
import logging
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from gaung import keys
from gaung.brands.config import Brand, Recipient, load
from gaung.errors import GaungError
from gaung.reports import brief, check, facts, mail, quotes
from gaung.reports.brief import Page
from gaung.reports.sentences import SENTENCES
from gaung.reports.words import Language, day_in_words
from gaung.settings import get_settings
from gaung.warehouse.connect import connect

log = logging.getLogger(__name__)

HOUR = 7
"""Local hour from which yesterday's brief is due."""
FILE = "file"
"""Stands for the recipient of a brief that goes to a file alone."""


@dataclass(frozen=True)
class Made:
    """A brief that was written to a file.

    Attributes:
        path: the file.
        number_count: numbers that were read back and compared with their queries.
    """

    path: Path
    page: Page
    number_count: int


@dataclass(frozen=True)
class Delivered:
    """What became of one brand's day.

    Attributes:
        sent: recipients who got it now.
        skipped: recipients who had it already, or for whom another run is sending it.
        failed: recipients whom the mail server refused.
    """

    path: Path
    channel: Literal["mail", "file"]
    sent: int
    skipped: int
    failed: int


def find(brand_id: str) -> Brand:
    """The declared brand; GaungError names the known ones."""
    try:
        return load().brand(brand_id)
    except KeyError as error:
        raise GaungError(str(error.args[0])) from None


def language_of(brand: Brand) -> Language:
    """The brand's own language for briefs: Indonesian unless it speaks English alone."""
    return "en" if "en" in brand.languages and "id" not in brand.languages else "id"


def make(
    brand_id: str,
    *,
    day: date | None = None,
    language: Language | None = None,
    known_at: datetime | None = None,
) -> Made:
    """The brief of a brand and day, compared with its queries and written under ``reports`` of the home.

    Args:
        brand_id: the brand.
        day: its local day; None: the newest with posts before today, else yesterday.
        language: None: the brand's.
        known_at: as the marts said, or would have said, at that moment.

    Raises:
        GaungError: no such brand, or nothing was known at that moment.
        PageWrong: the page differs from the queries; nothing was written.
    """
    brand = find(brand_id)
    if known_at is None:
        return _make(brand, day, language or language_of(brand), None)
    from gaung.warehouse import known

    with known.at(known_at):
        return _make(brand, day, language or language_of(brand), known_at)


def _make(brand: Brand, day: date | None, language: Language, known_at: datetime | None) -> Made:
    moment = known_at or datetime.now(ZoneInfo(brand.timezone))
    yesterday = moment.astimezone(ZoneInfo(brand.timezone)).date() - timedelta(days=1)
    chosen = day or facts.newest_day(brand.id, until=yesterday) or yesterday
    page = brief.render(brand, facts.collect(brand.id, chosen), language)
    number_count = check.verify(page)
    if known_at is None:
        quotes.note(page.facts)
    suffix = f"-known-{known_at:%Y%m%dT%H%M%S%z}".replace("+", "p") if known_at else ""
    path = get_settings().home / "reports" / brand.id / f"{chosen}-{language}{suffix}.html"
    _write(path, page.html)
    log.info("brief of %s for %s: %d numbers compared", brand.id, chosen, number_count)
    return Made(path, page, number_count)


def _write(path: Path, text: str) -> None:
    """Replace a file whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def due(moment: datetime) -> list[tuple[str, date]]:
    """Brands whose brief of yesterday is due at a moment and was not delivered yet, with that day."""
    with (
        closing(connect("publisher", application_name="gaung reports due")) as session,
        session.cursor() as cur,
    ):
        found = []
        for brand in load().brands:
            local = moment.astimezone(ZoneInfo(brand.timezone))
            day = local.date() - timedelta(days=1)
            if local.hour < HOUR:
                continue
            cur.execute(
                "select recipient_key from ops.report_sent where brand_id = %s and local_date = %s "
                "and status <> 'failed'",
                (brand.id, day),
            )
            had = {key for (key,) in cur.fetchall()}
            if any(recipient_key(address) not in had for address, _ in _recipients(brand)):
                found.append((brand.id, day))
    return found


def deliver(brand_id: str, day: date) -> Delivered:
    """What became of the brief of a brand and day: to each recipient at most once.

    With a mail server every recipient of brands.yml gets it in the own language; else it stays a file.
    A recipient is claimed before the message leaves, so a run that dies in between sends nothing twice.

    Raises:
        PageWrong: the page differs from the queries; nobody gets it.
        MailFailed: the server refused all who were left.
    """
    brand = find(brand_id)
    made: dict[Language, Made] = {}
    counts = {"sent": 0, "skipped": 0, "failed": 0}
    refused: mail.MailFailed | None = None
    channel: Literal["mail", "file"] = "mail" if _uses_mail(brand) else "file"
    made[language_of(brand)] = make(brand_id, day=day)
    for address, language in _recipients(brand):
        if language not in made:
            made[language] = make(brand_id, day=day, language=language)
        report_id = _claim(brand_id, day, address, language, channel, made[language].page.sha256)
        if report_id is None:
            counts["skipped"] += 1
            continue
        try:
            if address != FILE:
                mail.send(_message(brand, day, address, language, made[language]))
        except mail.MailFailed as error:
            counts["failed"] += 1
            refused = error
            _settle(report_id, "failed", str(error))
        else:
            counts["sent"] += 1
            _settle(report_id, "sent", None)
    if refused and not counts["sent"]:
        raise refused
    return Delivered(made[language_of(brand)].path, channel, **counts)


def recipient_key(address: str) -> str:
    """A keyed hash of an address: tells recipients apart without naming them."""
    if address == FILE:
        return FILE
    return hmac.new(keys.secret(), f"recipient\0{address.lower()}".encode(), hashlib.sha256).hexdigest()[:32]


def _uses_mail(brand: Brand) -> bool:
    return mail.is_configured() and bool(brand.recipients)


def _recipients(brand: Brand) -> Iterator[tuple[str, Language]]:
    if not _uses_mail(brand):
        yield FILE, language_of(brand)
        return
    people: list[Recipient] = brand.recipients
    yield from {one.email.lower(): (one.email, one.language) for one in people}.values()


def _message(brand: Brand, day: date, address: str, language: Language, made: Made) -> EmailMessage:
    words = SENTENCES[language]
    values = {"brand": brand.name, "day": day_in_words(day, language)}
    return mail.compose(
        address,
        words["subject"].format(**values),
        words["mail"].format(**values) + "\n",
        attachment=(made.path.name, made.page.html),
    )


def _claim(
    brand_id: str, day: date, address: str, language: Language, channel: str, page_sha256: str
) -> int | None:
    """The row under which this run may send; None when another run sent it or is sending it."""
    with (
        closing(connect("publisher", application_name="gaung report")) as session,
        session,
        session.cursor() as cur,
    ):
        cur.execute(
            """
            insert into ops.report_sent as r
                (brand_id, local_date, recipient_key, channel, language, page_sha256)
            values (%s, %s, %s, %s, %s, %s)
            on conflict (brand_id, local_date, recipient_key) do update set
                status = 'sending', channel = excluded.channel, language = excluded.language,
                page_sha256 = excluded.page_sha256, error_message = null,
                claimed_at = clock_timestamp(), ended_at = null
            where r.status = 'failed'
            returning report_id
            """,
            (brand_id, day, recipient_key(address), channel, language, page_sha256),
        )
        row = cur.fetchone()
    return int(row[0]) if row else None


def _settle(report_id: int, status: str, error: str | None) -> None:
    with (
        closing(connect("publisher", application_name="gaung report")) as session,
        session,
        session.cursor() as cur,
    ):
        cur.execute(
            "update ops.report_sent set status = %s, error_message = %s, ended_at = clock_timestamp() "
            "where report_id = %s",
            (status, error, report_id),
        )
