"""Alerts on planted quarters of an hour, builds and collections: opened once, escalated once, closed once."""

import json
import random
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import yaml

from gaung.alerts import notice, rules, watch
from gaung.settings import PROJECT_ROOT, get_settings
from tests.building import ask
from tests.conftest import free_port
from tests.mail import Inbox, mail_server
from tests.reports.conftest import BRANDS

START = datetime(2026, 3, 6, tzinfo=UTC)
WINDOW = rules.WINDOW
Shape = Callable[[int], tuple[int, float, float]]
"""Posts, share of positive and share of negative ones in a window, by its number."""


@pytest.fixture
def planted(warehouse: str) -> Iterator[None]:
    """A warehouse in which one build was published; brand hours are planted, not built."""
    get_settings().brands_file.write_text(yaml.safe_dump(BRANDS), encoding="utf-8")
    _publish()
    ask(
        """
        create table marts.collection_coverage (
            source text, hour_at timestamptz, planned_window_count bigint,
            collection_coverage_pct numeric(7, 4)
        )
        """,
        role="publisher",
    )
    _brand("kopi", "Kopi Uji")
    yield


def _publish(status: str = "published", message: str | None = None) -> None:
    ask(
        "insert into ops.build (mode, holder, holder_kind, base_version, status, started_at, error_message) "
        "values ('full', 'test', 'process', 0, %s, %s, %s)",
        (status, START + timedelta(days=9), message),
        role="admin",
    )


def _brand(brand_id: str, name: str) -> None:
    ask(
        "insert into core.brand values (%s, 'uji', %s, 'Asia/Jakarta', '{id}', '{}', true, 'x')",
        (brand_id, name),
    )


def plant(shape: Shape, windows: range, brand_id: str = "kopi", *, start: datetime = START) -> None:
    """Counts of a brand in some windows, with a little noise that repeats."""
    chance = random.Random(7)
    for number in windows:
        posts, positive, negative = shape(number)
        posts = max(0, round(posts * chance.uniform(0.9, 1.1)))
        if not posts:
            continue
        glad, angry = round(posts * positive), round(posts * negative * chance.uniform(0.8, 1.2))
        ask(
            "insert into core.brand_quarter values (%s, %s, %s, %s, %s, %s)",
            (brand_id, start + number * WINDOW, posts, posts, glad, min(angry, posts - glad)),
        )


def tick(number: int, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Kind and event of what happens when everything up to a window's end was collected."""
    moment = START + (number + 1) * WINDOW
    monkeypatch.setattr(watch, "_reference", lambda cur: moment)
    return [(alert.decision.kind, alert.decision.event) for alert in watch.evaluate()]


def usual(number: int) -> tuple[int, float, float]:
    return 60 if number % 96 > 28 else 6, 0.45, 0.18


def crisis(number: int) -> tuple[int, float, float]:
    if 136 <= number < 160:
        return 180 + 60 * min(number - 136, 4), 0.14, 0.74
    return usual(number)


def test_a_planted_crisis_is_told_once_within_two_windows(
    planted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(crisis, range(192))
    happened = {number: found for number in range(130, 176) if (found := tick(number, monkeypatch))}

    assert happened == {
        137: [("crisis", "open")],
        141: [("crisis", "escalate")],
        161: [("crisis", "close")],
    }
    [(title, reason, coverage)] = ask(
        "select title_id, reason_id, collection_coverage_pct from ops.alert where event = 'open'"
    )
    assert title == "Kopi Uji: keluhan melonjak"
    assert "17.15–17.30 WIB" in reason
    assert "cakupan data tidak diketahui" in reason
    assert coverage is None
    assert tick(175, monkeypatch) == []


FRIDAY = (
    *(40, 32, 24, 24, 32, 60, 92, 112, 120, 120, 124, 128, 132, 140),
    *(420, 800, 1200, 1600, 2000, 2360, 2600, 2720, 2700, 2680),
    *(2640, 2600, 1900, 1240, 800, 480, 320, 240, 200, 180, 172, 168, 164, 160, 156, 152, 148, 144),
    *(140, 136, 132, 128, 124, 120),
)


def friday(number: int) -> tuple[int, float, float]:
    """Golden case G2: rises from Friday 14:00, falls from 02:00, positive throughout, less so at the peak."""
    hour = number // 4
    if hour < 17:
        return FRIDAY[hour] // 4, 0.57, 0.15
    return (FRIDAY[hour] // 4, 0.42, 0.19) if hour <= 26 else (FRIDAY[hour] // 4, 0.70, 0.08)


def surge(number: int) -> tuple[int, float, float]:
    return (600, 0.88, 0.02) if 120 <= number < 144 else usual(number)


def gap(number: int) -> tuple[int, float, float]:
    return (0, 0, 0) if 140 <= number < 144 else usual(number)


@pytest.mark.parametrize("shape", [friday, surge, gap, usual], ids=lambda shape: shape.__name__)
def test_what_is_no_crisis_is_not_told(planted: None, monkeypatch: pytest.MonkeyPatch, shape: Shape) -> None:
    plant(shape, range(192))

    assert [found for number in range(20, 192, 3) if (found := tick(number, monkeypatch))] == []


def test_few_angry_posts_of_a_small_brand_are_no_crisis(
    planted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(lambda number: (4, 0.0, 1.0) if number >= 150 else (3, 0.5, 0.0), range(192))

    assert [found for number in range(140, 192) if (found := tick(number, monkeypatch))] == []


def _weeks(shape: Shape) -> None:
    for week in range(1, 5):
        plant(usual, range(96), start=START - timedelta(weeks=week))
    plant(shape, range(96))


def _covered(pct: int) -> None:
    ask(
        "insert into marts.collection_coverage "
        "select 'x', hour_at, 4, %s from generate_series(%s, %s, interval '1 hour') as hour_at",
        (pct, START, START + timedelta(days=2)),
        role="publisher",
    )


def _half_dead(number: int) -> tuple[int, float, float]:
    return (8, 0.45, 0.18) if 50 <= number < 60 else usual(number)


@pytest.mark.parametrize(("coverage", "is_told"), [(100, True), (79, False), (None, False)])
def test_a_drop_is_told_only_where_collection_is_known_to_work(
    planted: None, monkeypatch: pytest.MonkeyPatch, coverage: int | None, is_told: bool
) -> None:
    _weeks(_half_dead)
    if coverage is not None:
        _covered(coverage)
    happened = {number: found for number in range(44, 72) if (found := tick(number, monkeypatch))}

    expected = {51: [("drop", "open")], 55: [("drop", "escalate")], 61: [("drop", "close")]}
    assert happened == (expected if is_told else {})


def test_low_coverage_silences_a_crisis_and_known_coverage_is_said(
    planted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(crisis, range(192))
    _covered(70)
    assert [tick(number, monkeypatch) for number in range(137, 142)] == [[]] * 5
    ask("update marts.collection_coverage set collection_coverage_pct = 95", role="publisher")

    assert tick(142, monkeypatch) == [("crisis", "open")]
    assert ask("select reason_en from ops.alert")[0][0].endswith("(coverage 95.0 %)")


def test_two_at_once_write_one_alert(planted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(crisis, range(192))
    monkeypatch.setattr(watch, "_reference", lambda cur: START + 139 * WINDOW)
    runs = [threading.Thread(target=watch.evaluate) for _ in range(4)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()

    assert ask("select event from ops.alert") == [("open",)]


def test_a_blocked_gate_opens_escalates_and_closes_once(planted: None) -> None:
    happened = []
    for status in (
        "blocked",
        "blocked",
        "blocked",
        "blocked",
        "blocked",
        "published",
        "published",
        "blocked",
    ):
        _publish(status, "fct_post.totals_equal_source failed")
        happened.append([alert.decision.event for alert in watch.evaluate()])

    assert happened == [["open"], [], [], ["escalate"], [], ["close"], [], ["open"]]
    assert "fct_post.totals_equal_source failed" in ask("select reason_en from ops.alert limit 1")[0][0]


def test_an_outage_of_one_source_opens_escalates_and_closes_once(planted: None) -> None:
    happened = []
    for status in ("failed", "failed", "failed", "failed", "failed", "failed", "succeeded", "failed"):
        ask(
            "insert into ops.outcome (step, status, source, error_class, error_message, started_at) "
            "values ('extract', %s, 'mastodon', 'ServerUnavailable', 'no answer', now()), "
            "('extract', 'succeeded', 'x', null, null, now())",
            (status,),
            role="loader",
        )
        happened.append([(a.decision.subject, a.decision.event) for a in watch.evaluate()])

    assert [found for found in happened if found] == [
        [("mastodon", "open")],
        [("mastodon", "escalate")],
        [("mastodon", "close")],
    ]
    assert happened[0] == []


def test_files_that_people_hand_in_are_no_source(planted: None) -> None:
    ask(
        "insert into ops.outcome (step, status, source, file_name, started_at) "
        "select 'extract', 'failed', 'files', 'a.json', now() from generate_series(1, 9)",
        role="loader",
    )

    assert watch.evaluate() == []


@pytest.fixture
def inbox(planted: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with mail_server() as (received, port):
        monkeypatch.setenv("GAUNG_SMTP_URL", f"smtp://127.0.0.1:{port}")
        monkeypatch.setenv("GAUNG_ALERT_EMAIL", "engineer@example.com")
        get_settings.cache_clear()
        yield received


def test_those_concerned_are_told_once_in_their_language(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(crisis, range(192))
    monkeypatch.setattr(watch, "_reference", lambda cur: START + 138 * WINDOW)
    watch.watch()
    _publish("blocked", "no")
    watch.watch()
    watch.watch()

    told = [(to, message["Subject"]) for to, message in inbox.messages]
    assert told == [
        (["ibu@example.com"], "Gaung: Kopi Uji: keluhan melonjak"),
        (["manager@example.com"], "Gaung: Kopi Uji: complaints are surging"),
        (["engineer@example.com"], "Gaung: Kopi Uji: complaints are surging"),
        (["engineer@example.com"], "Gaung: The gate blocked an update"),
    ]
    assert "negative posts, usually" in inbox.messages[1][1].get_content()


def test_without_a_mail_server_it_is_a_file(planted: None) -> None:
    _publish("blocked", "../../etc")
    watch.watch()
    watch.watch()

    [path] = (get_settings().home / "alerts").glob("*gate_failure*")
    assert path.name.endswith("-gate_failure-gate-open.txt")
    assert "Pemeriksaan data menahan pembaruan" in path.read_text(encoding="utf-8")
    path.unlink()


def test_what_is_old_is_not_told(planted: None) -> None:
    _publish("blocked", "no")
    watch.evaluate()
    ask("update ops.alert set happened_at = happened_at - interval '25 hours'", role="admin")

    assert notice.deliver() == 0


def test_readers_see_alerts_and_nobody_rewrites_them(planted: None) -> None:
    _publish("blocked", "no")
    watch.evaluate()

    [(kind, is_open, severity)] = ask("select kind, is_open, severity from marts.alert", role="bi_reader")
    assert (kind, is_open, severity) == ("gate_failure", True, "warning")
    for statement in ("update ops.alert set event = 'close'", "delete from ops.alert"):
        with pytest.raises(Exception, match="permission denied"):
            ask(statement, role="publisher")


def test_evidence_holds_what_the_alert_rests_on(planted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(crisis, range(192))
    tick(137, monkeypatch)

    [(evidence,)] = ask("select evidence::text from ops.alert")
    seen = json.loads(evidence)
    assert seen["basis"] == "day_before"
    assert seen["past_count"] >= 14
    assert seen["negative_z"] > 3.5
    assert seen["share_z"] > 2.3
    assert seen["is_crisis"] is True


def test_nothing_published_means_nothing_to_watch(warehouse: str) -> None:
    assert watch.watch() == []


def test_the_notifier_tells_and_never_fails_a_task(planted: None, monkeypatch: pytest.MonkeyPatch) -> None:
    from gaung_airflow.notifier import AlertNotifier

    _publish("blocked", "no")
    AlertNotifier().notify({})
    assert ask("select kind, event from ops.alert") == [("gate_failure", "open")]

    monkeypatch.setenv("GAUNG_DATABASE", "nowhere")
    get_settings.cache_clear()
    AlertNotifier().notify({})


def test_the_notifier_mails_through_airflows_connection_once(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gaung_airflow.notifier import AlertNotifier

    port = get_settings().smtp_url.get_secret_value().rsplit(":")[-1]  # type: ignore[union-attr]
    monkeypatch.setenv("GAUNG_SMTP_URL", "smtp://127.0.0.1:1")
    get_settings.cache_clear()
    plain = "disable_ssl=true&disable_tls=true&retry_limit=0"
    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", f"smtp://127.0.0.1:{free_port()}/?{plain}")
    _publish("blocked", "no")
    AlertNotifier().notify({})
    assert ask("select status from ops.alert_sent") == [("failed",)], "nobody listens there"

    monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", f"smtp://127.0.0.1:{port}/?{plain}")
    AlertNotifier().notify({})
    AlertNotifier().notify({})

    assert [(to, message["Subject"], message["From"]) for to, message in inbox.messages] == [
        (["engineer@example.com"], "Gaung: The gate blocked an update", "gaung@localhost")
    ]
    assert ask("select channel, status from ops.alert_sent") == [("mail", "sent")]


def test_tasks_of_the_build_carry_the_notifier() -> None:
    text = (PROJECT_ROOT / "dags" / "build_and_publish.py").read_text(encoding="utf-8")

    assert text.count("on_success_callback=AlertNotifier()") == 2
    assert '"on_failure_callback": AlertNotifier()' in text
