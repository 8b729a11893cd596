"""The generated passwords of the warehouse's roles, in ``<home>/secrets/postgres.json`` (0600)."""

import json
import os
import secrets
from pathlib import Path

from gaung.errors import ServerRefused
from gaung.settings import get_settings

ADMIN = "gaung_admin"
ROLES = ("gaung_loader", "gaung_transformer", "gaung_publisher", "bi_reader", "brand_staff")


def path() -> Path:
    """Where the passwords are kept."""
    return get_settings().secrets / "postgres.json"


def password(name: str) -> str | None:
    """The password of a Postgres role; None when none was generated yet."""
    return _read().get(name)


def ensure() -> dict[str, str]:
    """All passwords by role, generating those that are missing; existing ones never change."""
    known = _read()
    missing = [name for name in (ADMIN, *ROLES) if name not in known]
    if missing:
        known |= {name: secrets.token_urlsafe(24) for name in missing}
        _write(known)
    return known


def _read() -> dict[str, str]:
    file = path()
    try:
        content = json.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ServerRefused(
            f"the passwords in {file} cannot be read ({type(error).__name__}); "
            "run as the user who set Gaung up, or restore the file from a backup"
        ) from error
    return {str(name): str(value) for name, value in content.items()}


def _write(content: dict[str, str]) -> None:
    file = path()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.parent.chmod(0o700)
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        json.dump(content, stream, indent=2)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(file)
