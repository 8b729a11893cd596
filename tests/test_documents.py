"""Every command of the documents runs: what needs no data here, everything in order in `make prove`."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gaung import docs
from gaung.settings import PROJECT_ROOT, get_settings
from gaung.warehouse import local
from tests.conftest import _fill_environment

DOCUMENTS = sorted(
    path.relative_to(PROJECT_ROOT).as_posix()
    for pattern in ("README.md", "CONTRIBUTING.md", "docs/**/*.md")
    for path in PROJECT_ROOT.glob(pattern)
)

EXCLUDED = {
    "git clone <this repository> gaung && cd gaung": "the address stands where the project is published",
    "mkdir -p drop && docker compose up -d": "needs Docker; tests/house/test_compose.py reads the file",
    "docker compose exec scheduler cat /var/gaung/secrets/metabase.json": "as above",
    "gaung text annotate sample.csv --task sentiment --guideline 1": "needs a person's labels; "
    "tests/test_annotations.py brings them",
    "gaung text agreement --task sentiment": "as above",
}

# What a document leaves to the reader to fill in.
FILLED_IN = {
    "export.csv --brand ID": f"{PROJECT_ROOT}/tests/sources/golden/dashboard_id.csv --brand kopi_senja",
}

ANSWERS = {".venv/bin/gaung init": "Roti Uji\n" + "\n" * 20}

# The environment is this clone's own: nothing may install it anew for the place of a test.
READY = ".venv/.ready"

NEEDS_NO_DATA = (
    '.venv/bin/gaung brands test "ngopi di Kopi Senja yuk"',
    ".venv/bin/gaung connect",
    "make status",
)


def commands() -> list[str]:
    """The lines of all sh blocks, in the documents' order, without comments."""
    found = []
    for name in ("README.md", *(name for name in DOCUMENTS if name != "README.md")):
        for block in re.findall(r"^```sh\n(.*?)^```", (PROJECT_ROOT / name).read_text("utf-8"), re.M | re.S):
            found += [re.sub(r"\s+#.*$", "", line).strip() for line in block.splitlines()]
    return [line for line in found if line and not line.startswith("#")]


@pytest.fixture
def clone(reachable_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place like a clone, whose files are this one's but for what commands write: home and brands."""
    place = reachable_folder / "gaung"
    place.mkdir()
    for path in PROJECT_ROOT.iterdir():
        if path.name not in ("var", ".git", ".env"):
            (place / path.name).symlink_to(path)
    _fill_environment(monkeypatch, reachable_folder / "var")
    monkeypatch.setenv("GAUNG_BRANDS_FILE", str(reachable_folder / "brands.yml"))
    monkeypatch.setenv("PATH", f"{PROJECT_ROOT / '.venv' / 'bin'}:{os.environ['PATH']}")
    shutil.copyfile(PROJECT_ROOT / "brands.yml", reachable_folder / "brands.yml")
    yield place
    subprocess.run(["gaung", "down"], cwd=place, check=False, capture_output=True)
    local.remove()
    monkeypatch.undo()
    get_settings.cache_clear()


def run(line: str, place: Path) -> str:
    """What a command says; it must end well."""
    for gap, filled in FILLED_IN.items():
        line = line.replace(gap, filled)
    done = subprocess.run(
        ["/bin/sh", "-c", re.sub(r"\bmake ", f"make --old-file={READY} ", line)],
        cwd=place,
        input=ANSWERS.get(line, ""),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return done.stdout + done.stderr


def test_no_excluded_command_has_left_the_documents() -> None:
    said = commands()
    assert len(said) > 15
    assert set(EXCLUDED) <= set(said)
    assert set(NEEDS_NO_DATA) <= set(said)
    assert all(EXCLUDED.values()), "with a reason"


def test_commands_that_need_no_data_run(clone: Path) -> None:
    for line in NEEDS_NO_DATA:
        assert run(line, clone), line


@pytest.mark.prove
@pytest.mark.timeout(3000)
def test_every_command_of_the_documents_runs(clone: Path) -> None:
    for line in commands():
        if line not in EXCLUDED:
            print(f"$ {line}\n{run(line, clone)[-400:]}")


def test_the_readme_shows_the_dags_as_they_describe_themselves() -> None:
    readme = (PROJECT_ROOT / "README.md").read_text("utf-8")
    assert docs.with_dag_table(readme) == readme, "run `make docs`"
    for file in (PROJECT_ROOT / "dags").glob("*.py"):
        assert f"[`{file.stem}`](dags/{file.name})" in readme


def test_pages_are_whole_and_load_nothing(tmp_path: Path) -> None:
    written = docs.write(tmp_path)

    assert {path.name for path in written} == {
        "glossary.md",
        "glossary.html",
        "dictionary.md",
        "dictionary.html",
    }
    dictionary = (tmp_path / "dictionary.md").read_text()
    assert "(P − N) / (P + N + U) × 100" in dictionary
    glossary = (tmp_path / "glossary.html").read_text()
    assert 'href="lineage.html#!/model/model.gaung.fct_post"' in glossary
    for path in written:
        assert not re.search(r"(src|href)=\"(https?:)?//", path.read_text()), path
    assert "content=\"default-src 'none'" in docs.seal("<html><head></head></html>")
    with pytest.raises(ValueError, match="no head"):
        docs.seal("<html></html>")


def test_the_changelog_says_which_data_changed() -> None:
    changelog = (PROJECT_ROOT / "CHANGELOG.md").read_text("utf-8")
    for version in re.split(r"^## ", changelog, flags=re.M)[1:]:
        assert re.search(r"^### Data", version, re.M), f"“{version.splitlines()[0]}” does not say it"
