"""The errors that Gaung raises on purpose.

A message says what happened, where, how many and which first, and what to do. Whether a step may
be tried again is a property of the class, so that callers (Airflow's retry policy among them) need
not read messages.
"""

from typing import ClassVar


class GaungError(Exception):
    """Base of all errors that Gaung raises on purpose; printed without a traceback by the CLI."""

    retryable: ClassVar[bool] = False
    exit_code: ClassVar[int] = 1


class SettingsInvalid(GaungError):
    """A setting, brands.yml or a column map cannot be used as written."""

    exit_code = 2


class ServerUnavailable(GaungError):
    """The database server cannot be reached or started."""

    retryable = True


class ServerRefused(GaungError):
    """The local server's folder or version must not be used as it is."""


class SourceSchemaChanged(GaungError):
    """A payload no longer has the form that its source declares."""


class UnknownFormat(GaungError):
    """No registered format recognises a file."""


class RateLimited(GaungError):
    """A platform asks to come back later."""

    retryable = True


class AuthFailed(GaungError):
    """A platform or server rejects the credentials."""


class ContractViolation(GaungError):
    """Rows do not fit the data contract."""


class LandingFailed(GaungError):
    """A batch could not be written to, or read whole from, the landing."""


class DiskLow(GaungError):
    """Less disk space is free than must stay so; nothing was begun."""


class BatchBusy(GaungError):
    """Another loader holds this batch."""

    retryable = True


class AccountingFailed(GaungError):
    """received ≠ loaded + unchanged + ignored + quarantined."""


class BuildBusy(GaungError):
    """Another build (or rollback) holds the build lock."""

    retryable = True


class BuildFenced(GaungError):
    """This build's token is no longer the newest: someone took over."""


class PublishingHeld(GaungError):
    """A hold stops publishing until it is lifted."""


class GateFailed(GaungError):
    """The candidate did not pass the gate; the last good version stays."""


class ModelFailed(GaungError):
    """dbt could not build a model."""


class DriftFound(GaungError):
    """Tables that must agree do not: ``core`` with ``raw``, or live marts with what is expected of them."""


class MaintenanceFailed(GaungError):
    """A step of the nightly maintenance did not end well."""


class DemoMismatch(GaungError):
    """The marts differ from the demo's planted truth."""
