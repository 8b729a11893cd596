"""No secret of the house is found in an error; what a whole house writes is searched in test_living.py."""

import json
import traceback
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from psycopg2 import sql

from gaung import airflow_home, keys, models
from gaung.quality import engine
from gaung.quality.suites import Expectation
from gaung.quality.verdict import Check
from gaung.settings import get_settings
from gaung.warehouse import backup, builds
from gaung.warehouse.connect import connect, parameters, url
from tests.building import write_brands

CANARY = "c4n4ry-0f-a-c0nn3ct10n-p4ssw0rd"

DAG = '''
"""A task whose templated field holds the password of a connection, short and in five kilobytes."""
from datetime import UTC, datetime
from airflow.sdk import BaseOperator, dag

class Holder(BaseOperator):
    template_fields = ("short", "long")
    def __init__(self, *, short, long, **kwargs):
        super().__init__(**kwargs)
        self.short, self.long = short, long
    def execute(self, context):
        self.log.info("the field is %s", self.short)
        self.log.info("and %s", self.long)
        return len(self.long)

class Raiser(Holder):
    def execute(self, context):
        raise RuntimeError(f"refused: {self.long}")

@dag(schedule=None, start_date=datetime(2025, 1, 1, tzinfo=UTC), catchup=False)
def canary():
    fields = {
        "short": "{{ conn.canary.password }}",
        "long": "{{ conn.canary.password }}" + "x" * 2500 + "{{ conn.canary.password }}" + "y" * 2500,
    }
    Holder(task_id="holder", **fields) >> Raiser(task_id="raiser", **fields)

canary()
'''


def secrets() -> set[str]:
    """Every secret that the house generated, and the canary."""
    found = {CANARY}

    def add(value: Any) -> None:
        if isinstance(value, dict):
            for one in value.values():
                add(one)
        elif isinstance(value, str) and len(value) >= 12:
            found.add(value)

    for file in get_settings().secrets.rglob("*"):
        if file.is_file():
            text = file.read_text("latin-1").strip()
            try:
                add(json.loads(text))
            except ValueError:
                add(text)
    return found


def leaks(text: str, known: set[str]) -> list[str]:
    """The beginnings of the secrets that a text holds, also as hexadecimal."""
    return [one[:4] + "…" for one in known if one in text or one.encode().hex() in text]


def error_of(call: Any) -> str:
    """Everything that is said when a call fails: message, causes, notes, traceback."""
    with pytest.raises(Exception) as caught:
        call()
    return "".join(traceback.format_exception(caught.value))


def test_errors_hold_no_secret(
    warehouse: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write_brands()
    keys.secret()
    known = secrets()
    assert len(known) > 5
    checks = [
        Check(
            "m", Expectation("e", "expect_column_to_exist", {"column": "c"}, "candidate", "critical", "then")
        )
    ]
    assert leaks(url("publisher"), known), "what is looked for can be found"
    said = [error_of(lambda: backup._program("pg_restore", "--nonsense"))]
    monkeypatch.setattr("gaung.warehouse.local.port", lambda: 1)
    said += [
        error_of(lambda: connect("publisher")),
        error_of(lambda: builds.begin(holder="test", holder_kind="process")),
        error_of(lambda: engine.evaluate(1, checks, timeout_s=5)),
        error_of(lambda: backup._program("pg_dump", "--file=/nowhere/at/all")),
        error_of(lambda: models.run(1, "00000000-0000-0000-0000-000000000000", version=1, built_at=None)),
    ]  # fmt: skip
    for text in (*said, caplog.text):
        assert leaks(text, known) == []


def places(home: Path) -> dict[str, str]:
    """Everything that a house writes, as text by name: files, tables of the warehouse and of Airflow."""
    return {**_files(home), **_rows()}


def _files(home: Path) -> dict[str, str]:
    """Text by name of every file under the home but secrets, the server's own, and backups with their key."""
    apart = ("secrets", "server", "backups")
    return {
        str(path.relative_to(home)): path.read_bytes().decode("latin-1")
        for path in home.rglob("*")
        if path.is_file() and path.relative_to(home).parts[0] not in apart
    }


def _rows() -> dict[str, str]:
    """All rows of every table of the warehouse and of Airflow's own database, as text."""
    found = {}
    for database in (parameters("admin")["dbname"], airflow_home.DATABASE):
        with closing(psycopg2.connect(url("admin", database))) as session, session.cursor() as cursor:
            cursor.execute(backup.TABLES)
            for (name,) in cursor.fetchall():
                cursor.execute(sql.SQL("select t::text from {} as t").format(sql.SQL(name)))
                found[f"{database}.{name}"] = "\n".join(row[0] for row in cursor.fetchall())
    return found
