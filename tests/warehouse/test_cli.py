"""The warehouse's commands as a user meets them."""

import csv
import io
import json

import pytest
from click.testing import Result
from typer.testing import CliRunner

from gaung import keys
from gaung.cli import app
from gaung.warehouse import credentials, migrate
from gaung.warehouse.connect import parameters


def _run(*arguments: str, typed: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=typed)


QUERY = "select 1 as one, null::text as nothing, 0.1250::numeric(5, 4) as score, 'a,\"b\"' as text"


def test_sql_as_csv_is_exact(warehouse: str) -> None:
    result = _run("sql", QUERY + "; ", "--format", "csv")

    assert result.exit_code == 0, result.output
    assert list(csv.reader(io.StringIO(result.stdout))) == [
        ["one", "nothing", "score", "text"],
        ["1", "", "0.1250", 'a,"b"'],
    ]


def test_sql_as_json_keeps_numbers_null_and_lists(warehouse: str) -> None:
    result = _run(
        "sql",
        QUERY + ", array['x', null] as tags, 12345678901234567890.5::numeric as big, "
        "'2026-11-01T07:00+07:00'::timestamptz as at",
        "--format",
        "json",
    )

    assert json.loads(result.stdout) == [
        {
            "one": 1,
            "nothing": None,
            "score": 0.125,
            "text": 'a,"b"',
            "tags": ["x", None],
            "big": "12345678901234567890.5",
            "at": "2026-11-01T00:00:00+00:00",
        }
    ]


def test_sql_as_a_table_tells_null_from_empty_and_where_it_was_cut(warehouse: str) -> None:
    result = _run("sql", "select g, nullif(g, 1) as n from generate_series(1, 300) as g")

    lines = result.stdout.splitlines()
    assert "NULL" in lines[2] and lines[2].split()[0] == "1"
    assert len(lines) == 202
    assert "the first 200;" in result.output


def test_sql_too_wide_for_the_terminal_has_a_line_per_value(
    warehouse: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    columns = ", ".join(f"{n} as a_name_of_20_letters_{n:02}" for n in range(30))
    result = _run("sql", f"select {columns} from generate_series(1, 25)")

    lines = result.stdout.splitlines()
    assert lines[0].strip() == "row 1"
    assert [line.split() for line in lines[1:31]] == [
        [f"a_name_of_20_letters_{n:02}", str(n)] for n in range(30)
    ]
    assert all(len(line) <= 80 for line in lines)
    assert len(lines) == 20 * 31
    assert "the first 20;" in result.output


def test_sql_hands_out_more_than_a_portion(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gaung.cli.warehouse.CHUNK_ROWS", 7)
    query = "select g from generate_series(1, 20) as g"
    assert [row["g"] for row in json.loads(_run("sql", query, "--format", "json").stdout)] == [*range(1, 21)]
    assert json.loads(_run("sql", f"{query} where false", "--format", "json").stdout) == []


def test_sql_takes_statements_without_portions(warehouse: str) -> None:
    assert "marts" in _run("sql", "show search_path").stdout
    assert _run("sql", "set work_mem = '1MB'").stdout.strip() == "SET"


@pytest.mark.parametrize("format", ["table", "csv", "json"])
def test_sql_outside_the_marts_is_refused(warehouse: str, format: str) -> None:
    result = _run("sql", "select * from raw.posts", "--format", format)

    assert result.exit_code == 1
    assert "permission denied for schema raw" in result.output
    assert "bi_reader reads the schema marts only" in result.output


@pytest.mark.parametrize(
    ("query", "said"),
    [("selec 1", "syntax error"), ("select * from nothing_here", "The tables are listed by")],
    ids=["a typo", "an unknown table"],
)
def test_sql_that_fails_says_why(warehouse: str, query: str, said: str) -> None:
    result = _run("sql", query)

    assert result.exit_code == 1
    assert said in result.output


def test_connect_tells_all_but_the_password(warehouse: str) -> None:
    secret = credentials.password("bi_reader") or "?"
    port = parameters("bi_reader")["port"]

    result = _run("connect")

    assert secret not in result.output
    assert str(credentials.path()) in result.output
    assert f"jdbc:postgresql://127.0.0.1:{port}/{warehouse}?user=bi_reader" in result.output
    assert f"port={port} user=bi_reader dbname={warehouse}" in result.output
    assert secret in _run("connect", "--show-password").output


def test_server_status_and_migrate(warehouse: str) -> None:
    status, migrated = _run("server", "status"), _run("migrate")

    assert status.exit_code == 0
    assert "running as process" in status.output
    assert f"Already at {migrate.head()}" in migrated.output


def test_status_of_a_server_that_never_started(settings_home: object) -> None:
    result = _run("server", "status")

    assert result.exit_code == 1
    assert "not running" in result.output


def test_keys_are_forgotten_only_when_meant(settings_home: object) -> None:
    assert "no secret to forget" in _run("forget-keys", "--yes").output
    first = keys.secret()

    refused = _run("forget-keys", typed="n\n")
    assert refused.exit_code == 1
    assert keys.secret() == first

    assert _run("forget-keys", typed="y\n").exit_code == 0
    assert not keys.secret_path().exists()
    assert keys.secret() != first
