"""The notifier of our builds: after a task it lets the library write and tell alerts."""

from typing import TYPE_CHECKING

from airflow.sdk import BaseNotifier

if TYPE_CHECKING:
    from airflow.sdk import Context


class AlertNotifier(BaseNotifier):
    """Looks at gate, sources and newest windows, and tells what opened, got worse or is over, each once.

    A callback, not a task: it runs also where nothing is published, and what goes wrong in it is logged and
    changes no task's state.
    """

    def notify(self, context: "Context") -> None:
        """Write and tell: by Airflow's SMTP connection, else the settings' mail server, else as files."""
        from psycopg2 import Error

        from gaung.alerts import watch
        from gaung.errors import GaungError
        from gaung_airflow.mailing import by_connection

        try:
            with by_connection():
                told = watch.watch()
        except (GaungError, Error) as error:
            self.log.warning("alerts could not be told: %s", error)
        else:
            self.log.info("%d alerts", len(told))
