"""The generator is the same everywhere and plants what it says; the comparison can fail."""

import csv
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from gaung.demo import Truth, generate, history, plan, windows, words
from gaung.demo.check import Check, compare
from gaung.demo.forms.dashboard import indonesian_count
from gaung.demo.world import make
from gaung.errors import GaungError

KNOWN = "c786cc820b2b032c6f3057e23e46f00585c49e528bb8de3ce15a9942c4620bde"
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
    """An independent walk over the files: ids of each platform, and rows of the CSV."""
    folder, truth = tiny
    ids: dict[str, set[str]] = {}
    for path in (folder / "delivery").glob("x_*"):
        for body in bodies(path):
            for post in body["data"] if isinstance(body["data"], list) else [body["data"]]:
                history = post.get("edit_history_tweet_ids") or post.get("edit_history_post_ids") or [None]
                if isinstance(post.get("id"), str) and "username" not in post:
                    ids.setdefault("x", set()).add(history[0])
    for path in (folder / "delivery").glob("*_capture_*"):
        for body in bodies(path):
            ids.setdefault(body["source_platform"].split(".")[0], set()).add(body["item_id"])
    for path in (folder / "delivery").glob("youtube_*"):
        for body in bodies(path):
            if "channel" not in body["kind"]:
                ids.setdefault("youtube", set()).update(item["id"] for item in body["items"])
    (exported,) = (folder / "delivery").glob("comments_kopi_senja_*.csv")
    with exported.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file, delimiter=";"))
    planted = next(file for file in truth.files if file.format == "table")
    assert len(rows) == planted.received
    comments = len({row["ID Komentar"] for row in rows}) - sum(planted.quarantined.values())
    found = {platform: len(some) for platform, some in ids.items()}
    found["instagram"] += comments
    assert found == {platform: sum(kinds.values()) for platform, kinds in truth.posts.items()}


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
    assert {"x", "instagram"} <= set(truth.hidden_likes)
    assert {"x", "tiktok", "instagram"} == set(truth.places)
    assert {"question", "complaint", "praise"} == set(truth.intents)
    assert {"x", "youtube"} == {one.platform for one in truth.snapshots}
    bodies = "".join(path.read_text("utf-8") for path in (folder / "delivery").glob("x_search*"))
    assert '"referenced_tweets"' in bodies
    assert '"referenced_posts"' in bodies
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
    with pytest.raises(ValueError, match="tiny, small, full"):
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


def test_the_full_size_has_the_load_of_the_golden_case() -> None:
    """288 windows of a quarter of an hour, over 100,000 posts, about 350 in the mean and 690 at the peak."""
    together = [
        sum(counts) for counts in zip(*(one.window_counts(plan.TOTAL) for one in plan.STREAMS), strict=True)
    ]
    assert len(together) == 288
    assert sum(together) > 100_800
    assert max(together) == 690
    assert 340 <= sum(together) / 288 <= 360


@pytest.mark.parametrize("size", [600, 12_000, plan.TOTAL])
def test_every_size_has_the_same_shape(size: int) -> None:
    for stream in plan.STREAMS:
        counts = stream.window_counts(size)
        assert sum(counts) == sum(stream.hourly) * size // plan.TOTAL
        for before in range(0, 288, 24):
            whole, part = sum(stream.hourly[: before // 4]), sum(counts[:before])
            assert part == whole * size // plan.TOTAL


def test_windows_hold_the_days_one_quarter_of_an_hour_after_another(tmp_path: Path) -> None:
    world = make(7, "tiny")
    seen: list[str] = []
    starts = []
    for window in windows(tmp_path, 7, "tiny"):
        starts.append(window.start_at)
        note = (tmp_path / f"{window.start_at:%Y%m%dT%H%MZ}" / "delivery.yml").read_text()
        assert "synthetic: true" in note
        for path in window.files:
            assert path.name in note
            if path.name.startswith("x_search"):
                for body in bodies(path):
                    found = [post for post in body["data"] if isinstance(post.get("id"), str)]
                    seen += {str(post["id"]) for post in found if post["created_at"].endswith("Z")} - set(
                        seen
                    )
    assert starts == [plan.START + number * plan.WINDOW for number in range(288)]
    assert sorted(seen) == sorted(post.post_id for post in world.posts if post.platform == "x")


def test_history_is_earlier_has_other_ids_and_no_crisis(tmp_path: Path) -> None:
    folders = list(history(tmp_path, 3, 7, "tiny"))
    assert len(folders) == 2
    now, before = make(7, "tiny"), make(7, "tiny", 1)
    assert before.end == now.start
    assert max(post.created_at for post in before.posts) < now.start
    assert {post.post_id for post in before.posts}.isdisjoint(post.post_id for post in now.posts)
    assert {post.stream for post in now.posts} - {post.stream for post in before.posts} == {
        "crisis",
        "viral",
        "paid",
        "greetings",
        "customers",
        "sellers",
    }
    people = [{post.author.author_id for post in world.posts} for world in (now, before)]
    assert people[0] & people[1]
    assert len(people[0] & people[1]) > 20


def test_nothing_of_x_was_collected_in_the_gap() -> None:
    posts = [post for post in make(7, "small").posts if post.platform == "x"]
    first, after = (
        plan.START + hour * plan.WINDOW * 4 for hour in (plan.GAP_HOURS.start, plan.GAP_HOURS.stop)
    )
    assert not [post for post in posts if first <= post.created_at < after]
    assert [post for post in posts if first - plan.WINDOW * 4 <= post.created_at < first]


def test_texts_vary() -> None:
    texts = [post.content.text for post in make(7, "small").posts if post.kind != "repost"]
    assert len(set(texts)) > 0.95 * len(texts)


def test_engines_hear_the_moods_that_sentences_were_written_in() -> None:
    """Measured on one post in four of the small size: hardly ever the opposite, mostly the same."""
    from gaung.text import batch, language, sentiment

    posts = [post for post in make(7, "small").posts if post.kind != "repost" and post.content.mood][::4]
    texts = [post.content.text for post in posts]
    found_languages = language.detect(batch.as_batch(texts)).to_pydict()["lang"]
    labels = sentiment.score(batch.as_batch(texts, lang=found_languages)).to_pydict()["label"]
    pairs = [(str(post.content.mood), label) for post, label in zip(posts, labels, strict=True)]
    for mood, opposite in (("positive", "negative"), ("negative", "positive")):
        heard = [label for planted, label in pairs if planted == mood]
        assert heard.count(opposite) <= 0.01 * len(heard)
        assert heard.count(mood) >= 0.85 * len(heard)
    scored = [label for planted, label in pairs if planted == "neutral" and label != "unscored"]
    assert scored.count("neutral") >= 0.9 * len(scored)


def test_every_brand_of_the_demo_stands_in_the_project_s_brands() -> None:
    from gaung import brands
    from gaung.settings import PROJECT_ROOT

    book = brands.load(PROJECT_ROOT / "brands.yml")
    for brand, (keyword, hashtag, handle) in words.EVERY_BRAND.items():
        known = book.brand(brand)
        assert (keyword in known.keywords, hashtag in known.hashtags) == (True, True)
        assert handle in known.handles["x"]
