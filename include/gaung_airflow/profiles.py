"""Task profiles: how often, how long and after which errors a kind of task is tried again.

Whether an error may be tried again is a property of its class (:mod:`gaung.errors`); a profile adds how
soon and why. An error that no rule names is a fault in code: it fails at once, so that somebody sees it.
``retries`` and ``retry_delay`` alone count for a task that was killed and raised nothing.

Each profile is a dictionary of operator arguments: ``FileIngestOperator(…, **DATABASE)``.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

_SERVER_GONE = RetryRule(
    exception=["gaung.errors.ServerUnavailable", "psycopg2.OperationalError", "psycopg2.InterfaceError"],
    action=RetryAction.RETRY,
    retry_delay=timedelta(seconds=20),
    reason="The database restarts within seconds; an interrupted transaction left nothing behind",
)
_CONFLICT = RetryRule(
    exception=["psycopg2.errors.DeadlockDetected", "psycopg2.errors.SerializationFailure"],
    action=RetryAction.RETRY,
    retry_delay=timedelta(seconds=5),
    reason="The server chose this transaction to give way; nothing of it was kept",
)
_BATCH_BUSY = RetryRule(
    exception="gaung.errors.BatchBusy",
    action=RetryAction.RETRY,
    retry_delay=timedelta(seconds=30),
    reason="Another loader holds the batch; when it is done ours finds nothing left to do",
)
_BUILD_BUSY = RetryRule(
    exception="gaung.errors.BuildBusy",
    action=RetryAction.RETRY,
    retry_delay=timedelta(seconds=60),
    reason="Another build or a rollback is at work; it ends, or is taken over when its holder is gone",
)
_OURS = RetryRule(
    exception="gaung.errors.GaungError",
    action=RetryAction.FAIL,
    reason="The message says what to do; trying again would only repeat it",
)

LIGHT: dict[str, Any] = {
    "retries": 2,
    "execution_timeout": timedelta(minutes=2),
    "retry_delay": timedelta(seconds=30),
    "retry_policy": ExceptionRetryPolicy(rules=[_SERVER_GONE, _OURS], default=RetryAction.FAIL),
}
"""A question of a few milliseconds to the database or to a folder."""

DATABASE: dict[str, Any] = {
    "retries": 3,
    "execution_timeout": timedelta(minutes=30),
    "retry_delay": timedelta(seconds=30),
    "retry_policy": ExceptionRetryPolicy(
        rules=[_SERVER_GONE, _CONFLICT, _BATCH_BUSY, _BUILD_BUSY, _OURS], default=RetryAction.FAIL
    ),
}
"""Work in transactions: the same work again gives the same rows."""

GATE: dict[str, Any] = {
    "retries": 0,
    "execution_timeout": timedelta(minutes=30),
}
"""A judgement is never repeated until it pleases; the next tick builds and judges anew."""

REPORT: dict[str, Any] = {
    "retries": 0,
    "execution_timeout": timedelta(minutes=2),
}
"""Says how a run went; a failure here is the message itself."""

MAINTENANCE: dict[str, Any] = {
    "retries": 0,
    "execution_timeout": timedelta(hours=2),
}
"""A nightly step: what it missed, the next night does."""
