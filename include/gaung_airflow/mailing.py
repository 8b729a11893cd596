"""Mail through Airflow's own SMTP connection, where an engineer has made one."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from airflow.sdk import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from gaung.reports import mail

CONNECTION = "smtp_default"


@contextmanager
def by_connection() -> Iterator[None]:
    """Within it mail leaves by the connection ``smtp_default``; without one as the settings say."""
    try:
        connection = BaseHook.get_connection(CONNECTION)
    except AirflowNotFoundException:
        yield
        return
    sender = connection.extra_dejson.get("from_email")
    with mail.carried_by(mail.Carrier(_session, sender, f"Airflow's connection {CONNECTION}")):
        yield


@contextmanager
def _session() -> Iterator[smtplib.SMTP]:
    """A session as the provider's hook opens it, with its TLS and its ways to log in.

    Only the session is the hook's: its own sending tries again when the server hangs up, which may be after
    the server took the message.

    Raises:
        SMTPException: the hook could not open it.
    """
    from airflow.providers.smtp.hooks.smtp import SmtpHook
    from airflow.sdk.exceptions import AirflowException

    hook = SmtpHook(CONNECTION)
    try:
        hook.get_conn()
    except AirflowException as error:
        raise smtplib.SMTPServerDisconnected(str(error)) from None
    with cast(smtplib.SMTP, hook._smtp_client) as server:
        yield server
