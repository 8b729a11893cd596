"""Typed settings: the one place that reads the environment (prefix ``GAUNG_``) and `.env`."""

import os
from functools import lru_cache
from pathlib import Path

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gaung.errors import SettingsInvalid

PROJECT_ROOT = Path(__file__).resolve().parents[2]
SECRETS = Path("/run/secrets")
"""Where a container finds its secrets: a file ``gaung_dsn`` there is the setting GAUNG_DSN."""


class Settings(BaseSettings):
    """All that a deployment may set; every field is ``GAUNG_<NAME>`` in the environment."""

    model_config = SettingsConfigDict(
        env_prefix="GAUNG_",
        env_file=PROJECT_ROOT / ".env",
        secrets_dir=SECRETS if SECRETS.is_dir() else None,
        extra="ignore",
    )

    home: Path = Field(default=PROJECT_ROOT / "var", description="Everything made at run time.")
    dsn: SecretStr | None = Field(
        default=None,
        description="postgresql:// URL of a role that may create roles and schemas. Empty: a local server.",
    )
    database: str = Field(default="gaung", description="Name of the warehouse's database.")
    pg_port: int = Field(default=54329, description="Preferred port of the local server (loopback).")
    landing_url: str | None = Field(
        default=None, description="Where batches land: file://, s3://, … Empty: <home>/landing."
    )
    drop_folder: Path | None = Field(
        default=None, description="Where `ingest_files` looks for exports. Empty: <home>/drop."
    )
    brands_file: Path = Field(default=PROJECT_ROOT / "brands.yml", description="Clients, brands, keywords.")
    dbt_project: Path = Field(
        default=PROJECT_ROOT / "dbt_project", description="The models, their declarations, macros and seeds."
    )
    test_data: Path | None = Field(default=None, description="Folder of real data for tests.")
    sentiment_models: dict[str, Path] = Field(
        default_factory=dict,
        description="Folders of transformers that score sentiment, by language, as JSON; see docs/text.md.",
    )
    public_voice_min_followers: int = Field(
        default=1000, ge=1, description="From here on an author counts as a public voice."
    )
    keep_publications: int = Field(default=96, ge=1, description="Before-images kept for rollback.")
    loader_chunk_records: int = Field(default=20_000, ge=1, description="Records held in memory at once.")
    gate_timeout_s: float = Field(default=600, gt=0, description="The gate blocks when it takes longer.")
    build_takeover_s: float = Field(
        default=900, gt=0, description="A build between two tasks counts as gone after this many seconds."
    )
    min_free_bytes: int = Field(
        default=1_000_000_000, ge=0, description="Loads, builds and backups do not begin below this."
    )
    keep_backups: int = Field(default=7, ge=1, description="Nightly backups kept in <home>/backups.")
    keep_observations_days: int = Field(
        default=90, ge=1, description="Observations older than this are thinned to first, last, one a day."
    )
    keep_quarantine_days: int = Field(default=90, ge=1, description="Days that quarantined records are kept.")
    keep_files_days: int = Field(
        default=30, ge=1, description="Days that loaded files stay in the drop folder's done/."
    )
    keep_history_days: int = Field(
        default=400, ge=1, description="Days that results of builds, gates and maintenance are kept."
    )
    keep_logs_days: int = Field(
        default=30, ge=1, description="Days that logs and Airflow's own records of runs are kept."
    )
    metabase_url: str | None = Field(
        default=None, description="Where `gaung metabase` finds the Metabase that it sets up."
    )
    smtp_url: SecretStr | None = Field(
        default=None,
        description="Mail server for briefs and alerts: smtp://user:password@host:587. Empty: files only.",
    )
    mail_from: str = Field(default="gaung@localhost", description="Sender of briefs and alerts.")
    alert_email: str | None = Field(
        default=None, description="Who hears of a blocked gate or an outage. Empty: files only."
    )
    log_level: str = Field(default="INFO", description="Level of Gaung's own log lines.")

    @field_validator("home", "drop_folder", "brands_file", "dbt_project", "test_data")
    @classmethod
    def _from_the_project(cls, path: Path | None, info: ValidationInfo) -> Path | None:
        """The path; a relative one begins at the project, an empty one is the default."""
        if path is None or path == Path():
            default: Path | None = cls.model_fields[info.field_name or ""].default
            return default
        return PROJECT_ROOT / path.expanduser()

    @property
    def landing(self) -> str:
        """URL of the landing, without a trailing slash."""
        return (self.landing_url or (self.home.resolve() / "landing").as_uri()).rstrip("/")

    @property
    def drop(self) -> Path:
        """The drop folder."""
        return self.drop_folder or self.home / "drop"

    @property
    def secrets(self) -> Path:
        """Folder (0700) of generated secrets; `make clean` leaves it alone."""
        return self.home / "secrets"


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process; call ``get_settings.cache_clear()`` after changing the environment.

    Raises:
        SettingsInvalid: names each setting that cannot be used, and never its value.
    """
    try:
        return Settings()
    except ValidationError as error:
        faults = [f"GAUNG_{'_'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in error.errors()]
    raise SettingsInvalid(
        "\n".join(
            [*faults, f"Correct the environment or {PROJECT_ROOT / '.env'}; .env.example explains each."]
        )
    )


def library_environment() -> dict[str, str]:
    """Environment that turns off the telemetry of every library we run."""
    return {
        "DO_NOT_TRACK": "1",
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "False",
        "GX_ANALYTICS_ENABLED": "False",
        "SCARF_ANALYTICS": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def quieten_libraries() -> None:
    """Apply :func:`library_environment` to this process, before those libraries are imported."""
    for name, value in library_environment().items():
        os.environ.setdefault(name, value)
