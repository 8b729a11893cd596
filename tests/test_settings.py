"""Settings from the environment: where relative paths begin, and what is said of a wrong value."""

from pathlib import Path

import pytest

from gaung.errors import SettingsInvalid
from gaung.settings import PROJECT_ROOT, get_settings


@pytest.fixture(autouse=True)
def _fresh() -> None:
    get_settings.cache_clear()


def test_relative_paths_begin_at_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GAUNG_HOME", "var/other")
    monkeypatch.setenv("GAUNG_BRANDS_FILE", str(tmp_path / "mine.yml"))

    monkeypatch.setenv("GAUNG_DROP_FOLDER", "")

    settings = get_settings()

    assert settings.home == PROJECT_ROOT / "var" / "other"
    assert settings.brands_file == tmp_path / "mine.yml"
    assert settings.drop == settings.home / "drop"


def test_wrong_values_are_named_without_being_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GAUNG_PG_PORT", "rahasia")
    monkeypatch.setenv("GAUNG_KEEP_PUBLICATIONS", "0")

    with pytest.raises(SettingsInvalid) as caught:
        get_settings()

    assert "GAUNG_PG_PORT" in str(caught.value)
    assert "GAUNG_KEEP_PUBLICATIONS" in str(caught.value)
    assert "rahasia" not in str(caught.value)
