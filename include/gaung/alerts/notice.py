"""Tells people of alerts: mail to those concerned where a server is set, else a file; each at most once."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from gaung.brands.config import load
from gaung.errors import GaungError
from gaung.reports import delivery, mail
from gaung.reports.words import Language
from gaung.settings import get_settings
from gaung.warehouse.connect import connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor

log = logging.getLogger(__name__)

TELL_WITHIN = "24 hours"
"""An event that could not be told for so long is old; the table and the status still show it."""


def deliver() -> int:
    """Messages that left now, for every event of the last day that somebody was not told of yet.

    Raises:
        MailFailed: the mail server took none of them.
    """
    sent, refused = 0, None
    for alert in _untold():
        for address, language in _recipients(alert):
            if not _claim(alert["alert_id"], address):
                continue
            try:
                _tell(alert, address, language)
            except mail.MailFailed as error:
                refused = error
                _settle(alert["alert_id"], address, "failed")
            else:
                sent += 1
                _settle(alert["alert_id"], address, "sent")
    if refused is not None and not sent:
        raise refused
    return sent


@contextmanager
def _session() -> Iterator["cursor"]:
    """A cursor in one transaction."""
    with (
        closing(connect("publisher", application_name="gaung notice")) as session,
        session,
        session.cursor() as cur,
    ):
        yield cur


def _untold() -> list[dict[str, Any]]:
    with _session() as cur:
        cur.execute(
            """
            select alert_id, kind, subject, brand_id, event, title_id, title_en, reason_id, reason_en
            from ops.alert
            where happened_at > clock_timestamp() - %s::interval
            order by alert_id
            """,
            (TELL_WITHIN,),
        )
        names = [column.name for column in cur.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cur.fetchall()]


def _recipients(alert: dict[str, Any]) -> Iterator[tuple[str, Language]]:
    """Whom it concerns: a brand's recipients for what its customers do, engineers for all else."""
    found: dict[str, tuple[str, Language]] = {}
    if mail.is_configured():
        for brand in load().brands:
            if brand.id == alert["brand_id"]:
                found |= {one.email.lower(): (one.email, one.language) for one in brand.recipients}
        engineer = get_settings().alert_email
        if engineer:
            found.setdefault(engineer.lower(), (engineer, "en"))
    if not found:
        found[delivery.FILE] = (delivery.FILE, "en")
    yield from found.values()


def _tell(alert: dict[str, Any], address: str, language: Language) -> None:
    title, reason = alert[f"title_{language}"], alert[f"reason_{language}"]
    if address != delivery.FILE:
        mail.send(mail.compose(address, f"Gaung: {title}", f"{title}\n\n{reason}\n"))
        return
    name = f"{alert['alert_id']:06d}-{alert['kind']}-{alert['subject']}-{alert['event']}.txt"
    safe = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)
    path = get_settings().home / "alerts" / safe
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (alert["title_id"], alert["reason_id"], "", alert["title_en"], alert["reason_en"])
    try:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise GaungError(f"{path} cannot be written ({error.strerror}); see disk space and rights") from error


def _claim(alert_id: int, address: str) -> bool:
    """Whether this run may tell this recipient of this event."""
    with _session() as cur:
        cur.execute(
            """
            insert into ops.alert_sent as s (alert_id, recipient_key, channel) values (%s, %s, %s)
            on conflict (alert_id, recipient_key) do update set
                status = 'sending', claimed_at = clock_timestamp()
            where s.status = 'failed'
            returning alert_id
            """,
            (alert_id, delivery.recipient_key(address), "file" if address == delivery.FILE else "mail"),
        )
        return cur.fetchone() is not None


def _settle(alert_id: int, address: str, status: str) -> None:
    with _session() as cur:
        cur.execute(
            "update ops.alert_sent set status = %s, ended_at = clock_timestamp() "
            "where alert_id = %s and recipient_key = %s",
            (status, alert_id, delivery.recipient_key(address)),
        )
