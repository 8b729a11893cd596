"""The house itself: verbs, settings, compose file and documents say what the code does."""

import ast
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gaung import airflow_processes, errors
from gaung.settings import PROJECT_ROOT, Settings

VERBS = [
    "help",
    "setup",
    "demo",
    "test",
    "prove",
    "lint",
    "format",
    "bench",
    "up",
    "down",
    "status",
    "logs",
    "clean",
    "lock",
    "docs",
]
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/runbook.md", "docs/architecture.md")
MAKE = shutil.which("make") or "make"


def text(name: str) -> str:
    return (PROJECT_ROOT / name).read_text("utf-8")


def commands() -> set[str]:
    """Every command path of the command line, e.g. "demo run"."""
    import click
    import typer

    from gaung.cli import app

    def walk(command: click.Command, path: str) -> set[str]:
        children = getattr(command, "commands", {})
        found = {path}
        for name, child in children.items():
            found |= walk(child, f"{path} {name}".strip())
        return found

    return walk(typer.main.get_command(app), "")


def test_make_help_lists_every_verb() -> None:
    command = [MAKE, "--no-print-directory", "help"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    assert [line.split()[1] for line in done.stdout.splitlines()] == VERBS
    phony = re.search(r"^\.PHONY: (.*)$", text("Makefile"), re.M)
    assert phony is not None
    assert sorted(phony[1].split()) == sorted(VERBS)


def test_every_gaung_command_that_is_named_exists() -> None:
    known = commands()
    assert {"demo run", "demo verify", "sql", "connect", "status", "build", "up", "down"} <= known
    named = set()
    for name in (*DOCUMENTS, "Makefile", "docker-compose.yml"):
        source = text(name)
        named |= {match.strip() for match in re.findall(r"(?:bin/|\(BIN\)/|`)gaung ([a-z][a-z-]*)", source)}
    assert len(named) > 10
    top = {path.split()[0] for path in known if path}
    assert named <= top


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_verb_and_link_that_is_named_exists(name: str) -> None:
    source = text(name)
    assert set(re.findall(r"`make ([a-z]+)", source)) <= set(VERBS)
    for target in re.findall(r"\]\(([^)#]+)\)", source):
        if not target.startswith("http"):
            assert ((PROJECT_ROOT / name).parent / target).exists(), target


def test_the_example_environment_is_the_settings() -> None:
    named = set(re.findall(r"^#(GAUNG_[A-Z_]+)=", text(".env.example"), re.M))
    assert named == {f"GAUNG_{name.upper()}" for name in Settings.model_fields}
    for name, value in re.findall(r"^#GAUNG_([A-Z_]+)=(\S+)$", text(".env.example"), re.M):
        default = Settings.model_fields[name.lower()].default
        if isinstance(default, int | float | str) and not isinstance(default, Path):
            assert float(value) == default if isinstance(default, int | float) else value == default, name


def test_the_runbook_has_an_entry_for_every_error() -> None:
    runbook = text("docs/runbook.md")
    classes = {
        node.name
        for node in ast.walk(ast.parse(text("include/gaung/errors.py")))
        if isinstance(node, ast.ClassDef)
    }
    # Raised by platform clients, which are not part of this version.
    later = {"GaungError", "RateLimited"}
    assert {name for name in classes - later if f"`{name}`" not in runbook} == set()
    assert all(hasattr(errors, name) for name in classes)


def test_every_airflow_option_we_set_exists(settings_home: Path) -> None:
    from airflow.configuration import conf

    from gaung import airflow_home

    variables = [name for name in airflow_home.environment() if name.startswith("AIRFLOW__")]
    assert len(variables) > 15
    for name in variables:
        section, option = name.removeprefix("AIRFLOW__").lower().split("__", 1)
        described = conf.configuration_description.get(section, {"options": {}})["options"]
        assert option in described or (section, option) in ELSEWHERE, name


# Read by the auth manager itself, or by older Airflow only: not in the configuration's description.
ELSEWHERE = {
    ("core", "simple_auth_manager_users"),
    ("core", "simple_auth_manager_passwords_file"),
    ("usage_data_collection", "enabled"),
}


def test_airflow_secrets_are_generated_once_and_private(settings_home: Path) -> None:
    from gaung import airflow_home

    first = airflow_home.environment()
    second = airflow_home.environment()
    assert first == second
    for file in (settings_home / "secrets").iterdir():
        assert file.stat().st_mode & 0o777 == 0o600, file
    assert (settings_home / "secrets").stat().st_mode & 0o777 == 0o700


def test_an_option_set_by_hand_wins(settings_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gaung import airflow_home

    monkeypatch.setenv("AIRFLOW__API__PORT", "8181")
    assert airflow_home.environment()["AIRFLOW__API__PORT"] == "8181"


@pytest.mark.parametrize(
    ("version", "fits"), [("3.11", True), ("3.12", True), ("3.10", False), ("3.13", False)]
)
def test_the_python_is_chosen_by_its_version(tmp_path: Path, version: str, fits: bool) -> None:
    """A stand-in Python answers the question of .ci/find-python as that version would."""
    major, minor = version.split(".")
    stand_in = tmp_path / "python3"
    code = f"import sys; sys.version_info = ({major}, {minor}, 0); exec(sys.argv.pop(1))"
    stand_in.write_text(f'#!/bin/sh\nshift\nexec "{shutil.which("python3")}" -c \'{code}\' "$1"\n')
    stand_in.chmod(0o755)
    done = subprocess.run(
        ["/bin/sh", str(PROJECT_ROOT / ".ci" / "find-python")],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "PYTHON": "python3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode == 0) == fits
    assert done.stdout.strip() == (str(stand_in) if fits else "")
    assert fits or "Gaung needs Python 3.11 or 3.12" in done.stderr


def test_no_machine_is_named_in_the_project() -> None:
    """No path of anybody's home, no private index, no path of this very clone."""
    git = shutil.which("git") or "git"
    done = subprocess.run([git, "ls-files"], cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)
    files = [PROJECT_ROOT / line for line in done.stdout.splitlines()]
    if not files:
        pytest.skip("not a git clone")
    forbidden = [
        str(PROJECT_ROOT),
        str(Path.home()) if len(Path.home().parts) > 2 else "/root/",
        "--index-url",
    ]
    allowed = {"tests/test_house.py"}
    for file in files:
        name = str(file.relative_to(PROJECT_ROOT))
        if file.is_file() and name not in allowed and file.stat().st_size < 2_000_000:
            content = file.read_text("utf-8", "replace")
            for word in forbidden:
                if len(word) > 5:
                    assert word not in content, f"{name}: {word}"


def test_the_supervisor_tells_its_processes_from_others(settings_home: Path) -> None:
    own = airflow_processes.Running.of("scheduler", os.getpid())
    assert own.is_alive()
    assert not airflow_processes.Running("scheduler", own.pid, own.born - 10).is_alive()
    assert airflow_processes.running() == []
