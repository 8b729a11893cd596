"""Pseudonyms: HMAC-SHA-256 of a platform's ids with a secret that never enters the database.

The secret is made once, in a file of mode 0600 outside everything that `make clean` removes.
Without it a published key cannot be traced back; with another one every key changes, so losing or
replacing it means a full rebuild.
"""

import contextlib
import hmac
import os
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from gaung.errors import SettingsInvalid
from gaung.settings import get_settings

SECRET_BYTES = 32


def secret_path() -> Path:
    """Where the secret lies."""
    return get_settings().secrets / "pseudonym.key"


def secret() -> bytes:
    """The secret, made at the first call ever; two processes that call at once get the same one.

    Raises:
        SettingsInvalid: the file is damaged, or others may read it. It is never replaced silently.
    """
    path = secret_path()
    if not path.exists():
        _create(path)
    status = path.stat()
    if os.name == "posix" and stat.S_IMODE(status.st_mode) & 0o077:
        raise SettingsInvalid(f"{path} may be read by others; run: chmod 600 {path}")
    value = path.read_bytes()
    if len(value) != SECRET_BYTES:
        raise SettingsInvalid(
            f"{path} holds {len(value)} bytes instead of {SECRET_BYTES}: it is damaged. Restore it from a "
            "backup; only without one, run `gaung forget-keys`, then `gaung build --full` (all keys change)"
        )
    return value


def _create(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # unlike a rename it never replaces what another process has just made
    finally:
        draft.unlink(missing_ok=True)


def forget() -> bool:
    """True if there was a secret to delete; afterwards published keys cannot be traced back by anyone."""
    path = secret_path()
    if not path.exists():
        return False
    path.unlink()
    return True


def post_key(platform: str, post_id: str) -> str:
    """The published key of a post: 64 hexadecimal digits."""
    return keyed(secret(), "post", platform, post_id)


def author_key(platform: str, author_id: str) -> str:
    """The published key of an author: 64 hexadecimal digits."""
    return keyed(secret(), "author", platform, author_id)


def post_keys(ids: Iterable[tuple[str, str]]) -> list[str]:
    """The keys of many posts given as (platform, post id), in order."""
    value = secret()
    return [keyed(value, "post", platform, post_id) for platform, post_id in ids]


def author_keys(ids: Iterable[tuple[str, str]]) -> list[str]:
    """The keys of many authors given as (platform, author id), in order."""
    value = secret()
    return [keyed(value, "author", platform, author_id) for platform, author_id in ids]


def keyed(value: bytes, kind: str, platform: str, entity_id: str) -> str:
    """The keyed hash of an id of any kind under a secret: 64 hexadecimal digits."""
    # NUL separates the parts: no id in the warehouse can hold it, so no two entities share a message
    message = "\0".join((kind, platform, entity_id)).encode("utf-8", "surrogatepass")
    return hmac.digest(value, message, "sha256").hex()
