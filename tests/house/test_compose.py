"""docker-compose.yml against the code: where no Docker engine runs, this is what keeps it true."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from gaung import airflow_processes
from gaung.settings import PROJECT_ROOT, Settings
from tests.test_house import commands

COMPOSE: dict[str, Any] = yaml.safe_load((PROJECT_ROOT / "docker-compose.yml").read_text("utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "gaung:local"}
AIRFLOW = ["gaung", "airflow", "--"]
IN_THE_CELERY_SET = {"celery"}
"""Commands and sections of Airflow that only requirements/celery.txt brings; `make prove` runs them."""


def airflow_commands() -> Iterator[list[str]]:
    """What the services and their health checks ask of Airflow, without its name."""
    for service in OURS.values():
        for words in (service["command"], (service.get("healthcheck") or {}).get("test", [])[1:]):
            if words[:3] == AIRFLOW:
                yield words[3:]


def test_every_service_is_pinned_checked_and_not_root() -> None:
    for name, service in SERVICES.items():
        if name not in OURS:
            assert re.search(r":v?\d+\.\d+(\.\d+)?$", service["image"]), f"{name}: {service['image']}"
        assert str(service["user"]).split(":")[0] not in ("", "0", "root"), name
        if service["restart"] != "no":
            assert service["healthcheck"]["test"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", [])), name
    dockerfile = (PROJECT_ROOT / "docker" / "Dockerfile").read_text()
    assert re.search(r"^USER gaung$", dockerfile, re.M)


def test_every_component_has_a_service() -> None:
    asked = {words[0] for words in airflow_commands()} - {"jobs"}
    components = {arguments[0] for arguments in airflow_processes.COMPONENTS.values()}
    assert asked == components | {"db", "celery"}


def test_each_command_of_ours_exists() -> None:
    known = commands()
    for name, service in OURS.items():
        assert service["command"][0] == "gaung"
        assert service["command"][1] in known, name


def test_each_airflow_command_takes_these_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    from airflow.cli.cli_parser import get_parser

    asked = [words for words in airflow_commands() if words[0] not in IN_THE_CELERY_SET]
    assert len(asked) >= 8
    for words in asked:
        get_parser().parse_args(words)
        with pytest.raises(SystemExit) as ended:
            get_parser().parse_args([*words, "--help"])
        assert ended.value.code in (0, None), words
        assert "usage" in capsys.readouterr().out.lower()


def test_each_variable_is_a_setting_or_an_option_of_airflow() -> None:
    from airflow.configuration import conf

    fields = {f"GAUNG_{name.upper()}" for name in Settings.model_fields}
    checked = 0
    for service in OURS.values():
        for variable in service["environment"]:
            if variable.startswith("AIRFLOW_CONN_"):
                continue
            checked += 1
            if variable.startswith("GAUNG_"):
                assert variable in fields, variable
                continue
            section, option = variable.removeprefix("AIRFLOW__").lower().split("__", 1)
            if section not in IN_THE_CELERY_SET:
                assert option in conf.configuration_description[section]["options"], variable
    assert checked > 20


def test_mail_goes_to_the_catcher_as_it_listens() -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook
    from airflow.sdk import Connection

    [uri] = {service["environment"]["AIRFLOW_CONN_SMTP_DEFAULT"] for service in OURS.values()}
    hook = SmtpHook()
    hook.smtp_connection = Connection.from_uri(uri, "smtp_default")
    assert (hook.host, hook.port, hook.use_ssl, hook.smtp_starttls) == ("mail", 1025, False, False)
    assert "mail" in SERVICES


def test_secrets_come_from_files_that_the_script_writes(tmp_path: Path) -> None:
    text = (PROJECT_ROOT / "docker-compose.yml").read_text("utf-8")
    assert not re.search(r"PASSWORD: |PASS: |postgresql://", text), "no secret stands in the file"
    (tmp_path / "docker").mkdir()
    shutil.copy(PROJECT_ROOT / "docker" / "secrets.sh", tmp_path / "docker")

    def write() -> dict[str, str]:
        subprocess.run(["/bin/sh", str(tmp_path / "docker" / "secrets.sh")], check=True, capture_output=True)
        return {path.name: path.read_text() for path in (tmp_path / "secrets").iterdir()}

    written = write()

    assert written.keys() == COMPOSE["secrets"].keys()
    for name, secret in COMPOSE["secrets"].items():
        assert secret["file"] == f"./secrets/{name}"
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    assert len(written["postgres_password"]) == 48
    assert f"postgres:{written['postgres_password']}@postgres:5432" in written["gaung_dsn"]
    assert write() == written, "again changes nothing"
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert used == written.keys()
    ignored = (PROJECT_ROOT / ".gitignore").read_text().splitlines()
    assert "/secrets/" in ignored
    assert "secrets" in (PROJECT_ROOT / ".dockerignore").read_text().splitlines()


def test_a_secret_file_is_a_setting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GAUNG_DSN", raising=False)
    (tmp_path / "gaung_dsn").write_text("postgresql://u:p@h/d\n")
    settings = Settings(_env_file=None, _secrets_dir=tmp_path)  # type: ignore[call-arg]
    assert settings.dsn is not None
    assert settings.dsn.get_secret_value() == "postgresql://u:p@h/d"


def test_every_file_and_volume_that_is_named_exists() -> None:
    for service in SERVICES.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or source == "./drop" or (PROJECT_ROOT / source).exists()
        for name in service.get("depends_on", {}):
            assert name in SERVICES
        build = service.get("build")
        assert build is None or (PROJECT_ROOT / build["dockerfile"]).is_file()
    for name in ("base", "celery"):
        assert (PROJECT_ROOT / "requirements" / f"{name}.txt").is_file()


def test_the_celery_set_is_the_default_one_and_celery() -> None:
    def pins(name: str) -> dict[str, str]:
        text = (PROJECT_ROOT / "requirements" / f"{name}.txt").read_text()
        return dict(re.findall(r"^([a-z0-9._-]+)==(\S+)", text, re.M))

    base, celery = pins("base"), pins("celery")
    assert "celery" in celery
    assert "celery" not in base
    differing = {name for name in base if celery.get(name) != base[name]}
    assert differing == set(), "`make lock`"


@pytest.mark.skipif(shutil.which("docker") is None, reason="there is no Docker here")
def test_docker_reads_the_file() -> None:
    command = ["docker", "compose", "config", "--quiet"]
    done = subprocess.run(
        command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    if "is not a docker command" in done.stderr or "unknown" in done.stderr:
        pytest.skip("this Docker has no compose")
    assert done.returncode == 0, done.stderr
