"""Ingest: files in, a report out; one bad file never costs another."""

import gzip
import io
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gaung import cli
from gaung.errors import SettingsInvalid
from gaung.ingest import ingest_drop, ingest_files, parse_as_of, plan_drop
from gaung.warehouse.connect import connect
from tests.fakes import T0, LineFormat, encode, line, lines_format, post, write  # noqa: F401

BRANDS = """
clients:
  - {id: toko, name: Toko}
brands:
  - id: contoh
    name: Contoh
    client: toko
    timezone: Asia/Jakarta
    languages: [id]
    keywords: [contoh]
"""


def rows(query: str) -> list[tuple[Any, ...]]:
    with closing(connect("admin", autocommit=True)) as session, session.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def by_name(report: Any) -> dict[str, Any]:
    return {Path(file.name.split("!")[0]).name: file for file in report.files}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "in"
    made.mkdir()
    return made


@pytest.mark.usefixtures("warehouse", "lines")
class TestFiles:
    def test_good_files_go_in_and_bad_ones_are_named(self, folder: Path) -> None:
        write(folder / "a.ndjson", [line(post("1")), {"ignored": "settings"}, b"{cut off"])
        write(folder / "z.ndjson", [line(post("2"))])
        (folder / "empty.json").write_bytes(b"")
        (folder / "blank.json").write_bytes(b" \n\n")
        (folder / "login.json").write_text("<!DOCTYPE html><html><body>Log in</body></html>")
        (folder / "broken.zip").write_bytes(b"PK\x03\x04 and then nothing")
        (folder / ".DS_Store").write_bytes(b"x")
        report = ingest_files([folder])
        files = by_name(report)
        assert {name for name, file in files.items() if file.status == "loaded"} == {"a.ndjson", "z.ndjson"}
        assert "empty" in files["empty.json"].error
        assert "empty" in files["blank.json"].error
        assert "HTML" in files["login.json"].error
        assert "broken.zip" in files["broken.zip"].error
        assert (report.total("received"), report.total("loaded")) == (4, 2)
        assert report.kinds("ignored") == {"settings": 1}
        assert report.kinds("quarantined") == {"invalid_json": 1}
        assert report.exit_code == 1
        assert [Path(name).name for name in report.passed_over] == [".DS_Store"]
        assert rows("select post_id from raw.posts order by 1") == [("1",), ("2",)]
        assert rows("select count(*) from ops.outcome where status = 'failed'") == [(4,)]

    def test_a_mistyped_path_is_told_and_not_counted_as_missing_data(self, folder: Path) -> None:
        write(folder / "a.ndjson", [line(post("1"))])
        report = ingest_files([folder / "a.ndjson", folder / "b.ndjson"])
        assert "does not exist" in by_name(report)["b.ndjson"].error
        assert (report.total("loaded"), report.exit_code) == (1, 1)
        assert rows("select count(*) from ops.unresolved_failure") == [(0,)]

    def test_the_second_time_nothing_changes(self, folder: Path) -> None:
        write(folder / "a.ndjson", [line(post("1")), line(post("2"))])
        first = ingest_files([folder])
        second = ingest_files([folder])
        assert (first.total("loaded"), first.exit_code) == (2, 0)
        assert [file.status for file in second.files] == ["skipped"]
        assert (second.total("loaded"), second.total("unchanged"), second.exit_code) == (0, 2, 0)
        assert rows("select count(*) from ops.batch") == [(1,)]

    def test_archives_are_opened(self, folder: Path) -> None:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("in/a.ndjson", encode([line(post("1"))]))
            archive.writestr("in/b.ndjson.gz", gzip.compress(encode([line(post("2"))])))
        (folder / "both.zip").write_bytes(packed.getvalue())
        report = ingest_files([folder / "both.zip"])
        assert [file.status for file in report.files] == ["loaded", "loaded"]
        assert report.total("loaded") == 2

    def test_without_any_time_somebody_must_act(self, folder: Path) -> None:
        write(folder / "a.ndjson", [line(post("1"), observed=None)])
        report = ingest_files([folder])
        assert report.exit_code == 1
        assert report.kinds("quarantined") == {"no_observed_at": 1}
        assert "--as-of" in report.examples[0].message
        again = ingest_files([folder], as_of=T0)
        assert (again.exit_code, again.total("loaded")) == (0, 1)
        assert rows("select observed_at from raw.posts") == [(T0,)]

    def test_the_same_bytes_take_the_first_as_of(self, folder: Path) -> None:
        write(folder / "a.ndjson", [line(post("1"), observed=None)])
        ingest_files([folder], as_of=T0)
        later = ingest_files([folder], as_of=T0 + timedelta(days=1))
        without = ingest_files([folder])
        assert [file.status for file in (*later.files, *without.files)] == ["skipped", "skipped"]
        assert T0.isoformat() in later.files[0].note
        assert without.files[0].note is None
        assert rows("select observed_at from raw.posts") == [(T0,)]

    def test_dry_run_says_what_is_there_and_writes_nothing(self, folder: Path, tmp_path: Path) -> None:
        write(folder / "a.ndjson", [line(post("1")), {"problem": "bad_date"}, {"ignored": "settings"}])
        report = ingest_files([folder], dry_run=True)
        outcome = report.files[0].outcome
        assert (report.files[0].status, report.files[0].format) == ("dry_run", "lines")
        assert outcome.entity_rows == {"posts": {"received": 1}}
        assert (outcome.quarantined, outcome.ignored) == ({"bad_date": 1}, {"settings": 1})
        assert not (tmp_path / "landing").exists()
        assert rows("select count(*) from ops.outcome") == [(0,)]

    def test_an_unknown_brand_names_the_known_ones(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "brands.yml").write_text(BRANDS)
        write(folder / "a.ndjson", [line(post("1"))])
        with pytest.raises(SettingsInvalid, match="contoh"):
            ingest_files([folder], brand="conto")
        assert ingest_files([folder], brand="contoh").exit_code == 0
        assert rows("select post_id, brand_id from raw.post_declared_brand") == [("1", "contoh")]

    def test_a_reader_that_breaks_costs_only_its_file(
        self,
        folder: Path,
        lines: LineFormat,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        genuine = lines.records

        def breaking(stream: Any, context: Any) -> Any:
            if "a.nd" in context.file_name:
                raise ZeroDivisionError("oh")
            return genuine(stream, context)

        monkeypatch.setattr(lines, "records", breaking)
        write(folder / "a.ndjson", [line(post("1"))])
        write(folder / "b.ndjson", [line(post("2"))])
        files = by_name(ingest_files([folder]))
        assert "ZeroDivisionError" in files["a.ndjson"].error
        assert files["b.ndjson"].status == "loaded"


@pytest.mark.usefixtures("warehouse", "lines")
class TestDrop:
    @pytest.fixture
    def drop(self, tmp_path: Path) -> Path:
        (tmp_path / "drop").mkdir()
        return tmp_path / "drop"

    def test_loaded_files_move_to_done_and_unreadable_ones_to_failed(self, drop: Path) -> None:
        write(drop / "a.ndjson", [line(post("1"))])
        (drop / "x.html").write_text("<html>no</html>")
        report = ingest_drop()
        assert report.exit_code == 1
        assert (drop / "done" / "a.ndjson").is_file()
        assert (drop / "failed" / "x.html").is_file()
        assert "HTML" in (drop / "failed" / "x.html.reason.txt").read_text()
        assert plan_drop() == []

    def test_nothing_is_overwritten(self, drop: Path) -> None:
        write(drop / "a.ndjson", [line(post("1"))])
        ingest_drop()
        write(drop / "a.ndjson", [line(post("2"))])
        ingest_drop()
        assert sorted(file.name for file in (drop / "done").iterdir()) == ["a.2.ndjson", "a.ndjson"]

    def test_files_that_are_still_being_written_wait(self, drop: Path) -> None:
        write(drop / "a.ndjson.part", [line(post("1"))])
        write(drop / "ready.ndjson", [line(post("3"))])
        with (drop / "b.ndjson").open("wb") as growing:
            growing.write(encode([line(post("2"))])[:10])
            growing.flush()
            assert [one.path.name for one in plan_drop()] == ["ready.ndjson"]
        assert [one.path.name for one in plan_drop()] == ["b.ndjson", "ready.ndjson"]

    def test_delivery_yml_tells_the_options(self, drop: Path, tmp_path: Path) -> None:
        (tmp_path / "brands.yml").write_text(BRANDS)
        day = drop / "day"
        day.mkdir()
        write(day / "a.ndjson", [line(post("1"), observed=None)])
        (day / "delivery.yml").write_text(
            "synthetic: true\nfiles:\n  a.ndjson: {as_of: 2026-03-01T08:00:00Z, brand: contoh}\n"
        )
        report = ingest_drop()
        assert report.exit_code == 0, report.files
        assert rows("select observed_at, is_synthetic from raw.posts") == [(T0, True)]
        assert rows("select count(*) from raw.post_declared_brand") == [(1,)]
        assert (drop / "done" / "day" / "a.ndjson").is_file()

    def test_a_wrong_delivery_yml_is_named(self, drop: Path) -> None:
        write(drop / "a.ndjson", [line(post("1"))])
        (drop / "delivery.yml").write_text("files:\n  a.ndjson: {asof: 2026-03-01}\n")
        with pytest.raises(SettingsInvalid, match=r"delivery\.yml.*a\.ndjson.*asof.*as_of"):
            plan_drop()


class TestAsOf:
    def test_with_zone(self) -> None:
        assert parse_as_of("2026-03-01T08:00:00+07:00") == datetime(2026, 3, 1, 1, tzinfo=UTC)
        assert parse_as_of("2026-03-01T08:00:00Z") == T0

    @pytest.mark.parametrize("text", ["2026-03-01T08:00:00", "2026-03-01"])
    def test_without_zone_is_refused(self, text: str) -> None:
        with pytest.raises(SettingsInvalid, match="time zone"):
            parse_as_of(text)

    def test_what_is_no_time_is_refused(self) -> None:
        with pytest.raises(SettingsInvalid, match="yesterday"):
            parse_as_of("yesterday")


@pytest.mark.usefixtures("warehouse", "lines")
class TestCommand:
    def test_it_prints_the_accounting(self, folder: Path) -> None:
        write(folder / "a.ndjson", [line(post("1")), {"problem": "bad_date"}, {"ignored": "settings"}])
        result = CliRunner().invoke(cli.app, ["ingest", "files", str(folder)], env={"COLUMNS": "200"})
        assert result.exit_code == 0, result.output
        for word in ("a.ndjson", "loaded", "settings 1", "bad_date 1", "some.path", "gaung build"):
            assert word in result.output

    def test_a_bad_file_makes_it_fail(self, folder: Path) -> None:
        (folder / "login.json").write_text("<html></html>")
        result = CliRunner().invoke(cli.app, ["ingest", "files", str(folder)], env={"COLUMNS": "200"})
        assert result.exit_code == 1
        assert "HTML" in result.output
