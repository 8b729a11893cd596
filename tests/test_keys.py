"""The secret is made once, kept private, never replaced; keys are HMAC-SHA-256 of it."""

import hashlib
import hmac
import stat
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from gaung import keys
from gaung.errors import SettingsInvalid


def test_the_secret_is_private_and_stays(settings_home: Path) -> None:
    first = keys.secret()
    assert len(first) == 32
    assert stat.S_IMODE(keys.secret_path().stat().st_mode) == 0o600
    assert keys.secret() == first
    assert [path.name for path in keys.secret_path().parent.iterdir()] == ["pseudonym.key"]


def test_processes_that_start_at_once_share_one_secret(settings_home: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        values = [future.result() for future in [pool.submit(keys.secret) for _ in range(16)]]
    assert len(set(values)) == 1


def test_a_key_is_the_hmac_of_kind_platform_and_id(settings_home: Path) -> None:
    expected = hmac.new(keys.secret(), b"post\0x\x0017", hashlib.sha256).hexdigest()
    assert keys.post_key("x", "17") == expected
    assert keys.post_keys([("x", "17"), ("tiktok", "17")]) == [expected, keys.post_key("tiktok", "17")]
    assert keys.author_keys([("x", "17")]) == [keys.author_key("x", "17")]
    assert len({expected, keys.author_key("x", "17"), keys.post_key("tiktok", "17")}) == 3


def test_forgetting_changes_every_key(settings_home: Path) -> None:
    before = keys.post_key("x", "17")
    assert keys.forget() is True
    assert keys.forget() is False
    assert keys.post_key("x", "17") != before


def test_a_damaged_or_open_secret_is_refused_and_kept(settings_home: Path) -> None:
    keys.secret()
    keys.secret_path().write_bytes(b"short")
    with pytest.raises(SettingsInvalid, match=r"5 bytes instead of 32"):
        keys.secret()
    assert keys.secret_path().read_bytes() == b"short"
    keys.secret_path().write_bytes(b"x" * 32)
    keys.secret_path().chmod(0o644)
    with pytest.raises(SettingsInvalid, match="chmod 600"):
        keys.secret()
