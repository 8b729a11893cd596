"""Mail by the SMTP server of the settings; without one there is no mail, and callers keep to files.

What runs this library may know a server of its own, as Airflow does (:func:`carried_by`).
"""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from urllib.parse import parse_qs, unquote, urlparse

from gaung.errors import GaungError, SettingsInvalid
from gaung.settings import get_settings

TIMEOUT_S = 30
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class MailFailed(GaungError):
    """The mail server did not take a message."""

    retryable = True


@dataclass(frozen=True)
class Carrier:
    """A mail server that the settings do not know.

    Attributes:
        open: gives a session with it.
        sender: whose mail it is; None: as the settings say.
        where: where a person looks when it fails.
    """

    open: Callable[[], AbstractContextManager[smtplib.SMTP]]
    sender: str | None
    where: str


_carrier: ContextVar[Carrier | None] = ContextVar("_carrier", default=None)


@contextmanager
def carried_by(carrier: Carrier) -> Iterator[None]:
    """Within it every message leaves by this server, whatever the settings say."""
    token = _carrier.set(carrier)
    try:
        yield
    finally:
        _carrier.reset(token)


def is_configured() -> bool:
    """Whether there is a mail server: the carrier's, or the one of ``GAUNG_SMTP_URL``."""
    if _carrier.get():
        return True
    url = get_settings().smtp_url
    return url is not None and bool(url.get_secret_value())


def compose(to: str, subject: str, text: str, *, attachment: tuple[str, str] | None = None) -> EmailMessage:
    """A message; the attachment is a name and an HTML text."""
    message = EmailMessage()
    carrier = _carrier.get()
    message["From"] = (carrier and carrier.sender) or get_settings().mail_from
    message["To"] = to
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate(localtime=False)
    message["Message-ID"] = make_msgid(domain="gaung.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    if attachment:
        message.add_attachment(attachment[1], subtype="html", filename=attachment[0])
    return message


def send(message: EmailMessage) -> None:
    """Return when the server took the message.

    Raises:
        MailFailed: it did not; the message certainly was not delivered.
        SettingsInvalid: the address of the server cannot be used.
    """
    carrier = _carrier.get()
    try:
        with carrier.open() if carrier else _session() as server:
            server.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        where = carrier.where if carrier else "GAUNG_SMTP_URL"
        raise MailFailed(
            f"the mail server did not take the message ({type(error).__name__}); see {where} and the "
            "server's own log, then run it again"
        ) from None


@contextmanager
def _session() -> Iterator[smtplib.SMTP]:
    """A session with the server: encrypted, unless the server is this machine or says it cannot."""
    url = get_settings().smtp_url
    parts = urlparse(url.get_secret_value() if url else "")
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise SettingsInvalid(
            "GAUNG_SMTP_URL is not a mail server; write smtp://user:password@host:587 or smtps://host:465"
        )
    context = ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            parts.hostname, parts.port or 465, timeout=TIMEOUT_S, context=context
        )
    else:
        server = smtplib.SMTP(parts.hostname, parts.port or 587, timeout=TIMEOUT_S)
    with server:
        server.ehlo()
        is_plain_allowed = parts.hostname in LOOPBACK or parse_qs(parts.query).get("tls") == ["off"]
        if parts.scheme == "smtp" and (server.has_extn("starttls") or not is_plain_allowed):
            server.starttls(context=context)
            server.ehlo()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
