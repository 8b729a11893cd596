"""The generator is the same everywhere and plants what it says; the comparison can fail."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gaung.demo import Truth, generate
from gaung.demo.files import indonesian_count
from gaung.demo.verify import Check, compare
from gaung.demo.world import make
from gaung.errors import GaungError

KNOWN = "46195073253c3abc1b4473306c3e33db0eac549fdba5806422db8378540dfd65"
"""Of all files of seed 7, tiny; a change of the generator changes it on purpose."""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Truth]:
    folder = tmp_path_factory.mktemp("demo") / "tiny"
    return folder, generate(folder, 7, "tiny")


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def bodies(path: Path) -> list[dict[str, Any]]:
    """JSON documents of a file, whole or one a line; a broken line is left out."""
    content = path.read_text("utf-8")
    if path.suffix == ".json":
        return [json.loads(content)]
    found = []
    for line in content.splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


def test_a_seed_gives_the_same_bytes_and_another_seed_others(
    tiny: tuple[Path, Truth], tmp_path: Path
) -> None:
    folder, truth = tiny
    again = generate(tmp_path / "again", 7, "tiny")
    other = generate(tmp_path / "other", 8, "tiny")
    assert again == truth
    assert digests(tmp_path / "again") == digests(folder)
    assert {file.sha256 for file in other.files}.isdisjoint(file.sha256 for file in truth.files)


def test_the_bytes_do_not_depend_on_machine_or_version(tiny: tuple[Path, Truth]) -> None:
    folder, _ = tiny
    together = "".join(f"{name} {digest}\n" for name, digest in digests(folder).items())
    assert hashlib.sha256(together.encode()).hexdigest() == KNOWN


def test_truth_survives_its_file(tiny: tuple[Path, Truth]) -> None:
    folder, truth = tiny
    assert Truth.read(folder / "truth.json") == truth
    document = json.loads((folder / "truth.json").read_text())
    assert document["is_synthetic"] is True
    assert "Synthetic" in document["note"]


def test_files_hold_as_many_posts_as_the_truth_says(tiny: tuple[Path, Truth]) -> None:
    """An independent walk over the files: collected ids of X, and rows of the CSV."""
    folder, truth = tiny
    ids = set()
    for path in (folder / "delivery").glob("x_*"):
        for body in bodies(path):
            for post in body["data"] if isinstance(body["data"], list) else [body["data"]]:
                history = post.get("edit_history_tweet_ids") or post.get("edit_history_post_ids") or [None]
                if isinstance(post.get("id"), str):
                    ids.add(history[0])
    assert len(ids) == sum(truth.posts["x"].values())
    with (folder / "delivery" / "comments_kopi_senja.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    planted = next(file for file in truth.files if file.format == "table")
    assert len(rows) == planted.received
    broken = sum(planted.quarantined.values())
    assert len({row["ID Komentar"] for row in rows}) - broken == truth.posts["instagram"]["comment"]


def test_everything_hard_is_in_the_files(tiny: tuple[Path, Truth]) -> None:
    folder, truth = tiny
    reasons = {reason for file in truth.files for reason in file.quarantined}
    assert {"float_id", "field_missing", "bad_date", "invalid_json", "bad_number"} <= reasons
    assert any(file.repeated for file in truth.files)
    assert any(file.redelivered for file in truth.files)
    assert truth.edited
    assert truth.deleted
    assert truth.late
    assert truth.unmatched
    assert truth.referenced_only
    words = "".join(path.read_text("utf-8") for path in (folder / "delivery").glob("x_search*"))
    assert '"referenced_tweets"' in words
    assert '"referenced_posts"' in words
    for line in (folder / "delivery" / "x_stream.ndjson").read_text("utf-8").splitlines()[:-1]:
        json.loads(line)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        json.loads((folder / "delivery" / "x_stream.ndjson").read_text("utf-8").splitlines()[-1])


def test_a_repost_carries_the_counts_of_its_original() -> None:
    world = make(7, "tiny")
    reposts = [post for post in world.posts if post.kind == "repost"]
    assert reposts
    assert all(post.refers_to is not None and not post.counts for post in reposts)


def test_an_unknown_size_is_refused() -> None:
    with pytest.raises(ValueError, match="tiny, small, large"):
        make(1, "huge")


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(GaungError, match="holds no demo"):
        generate(tmp_path, 7, "tiny")
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("value", "written"),
    [(0, "0"), (999, "999"), (1234, "1.234"), (12_300, "12,3 rb"), (12_345, "12.345"), (120_000, "120,0 rb")],
)
def test_counts_are_written_as_dashboards_do(value: int, written: str) -> None:
    assert indonesian_count(value) == written


@pytest.mark.parametrize(
    ("planted", "found", "lines"),
    [
        ({"a": 1}, {"a": 1}, ()),
        ({"a": 1}, {"a": 2}, ("a: planted 1, found 2",)),
        ({"a": 1}, {}, ("a: planted 1, found nothing",)),
        ({}, {"a": 1}, ("a: planted nothing, found 1",)),
    ],
    ids=["equal", "other", "lost", "invented"],
)
def test_a_comparison_tells_each_difference(
    planted: dict[str, int], found: dict[str, int], lines: tuple[str, ...]
) -> None:
    check = compare("name", planted, found)
    assert check.differences == lines
    assert check.is_right == (not lines)


def test_an_empty_comparison_is_wrong() -> None:
    assert not Check("nothing", 0, ()).is_right
