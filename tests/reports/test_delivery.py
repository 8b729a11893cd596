"""Delivery: who is due, at most once per recipient, by a real SMTP server on loopback or as a file."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gaung.cli import app
from gaung.errors import GaungError
from gaung.reports import check, delivery, mail
from gaung.settings import get_settings
from tests.building import ask
from tests.conftest import free_port
from tests.dags.test_dags import run_dags, states
from tests.mail import Inbox, mail_server
from tests.reports.conftest import DAY


@pytest.fixture
def inbox(shop: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Inbox]:
    with mail_server() as (received, port):
        monkeypatch.setenv("GAUNG_SMTP_URL", f"smtp://127.0.0.1:{port}")
        get_settings.cache_clear()
        yield received
    monkeypatch.undo()
    get_settings.cache_clear()


def test_each_recipient_gets_it_once_in_the_own_language(inbox: Inbox) -> None:
    first = delivery.deliver("kopi", DAY)
    again = delivery.deliver("kopi", DAY)

    assert (first.channel, first.sent, first.skipped) == ("mail", 2, 0)
    assert (again.sent, again.skipped) == (0, 2)
    assert [to for to, _ in inbox.messages] == [["ibu@example.com"], ["manager@example.com"]]
    indonesian, english = (message for _, message in inbox.messages)
    assert indonesian["Subject"] == 'Kabar harian Kopi <b>"Uji"</b>: Jumat, 6 Maret 2026'
    assert english["Subject"].startswith("Daily brief of ")
    [attached] = indonesian.iter_attachments()
    assert attached.get_filename() == "2026-03-06-id.html"
    got = attached.get_content().replace("\r\n", "\n").strip()
    assert got == first.path.read_text(encoding="utf-8").strip()
    rows = ask("select recipient_key, status, page_sha256 from ops.report_sent where local_date = %s", (DAY,))
    assert {status for _, status, _ in rows} == {"sent"}
    assert "example.com" not in str(rows)


def test_two_runs_at_once_send_one_message(inbox: Inbox) -> None:
    day = DAY - timedelta(days=1)
    runs = [threading.Thread(target=delivery.deliver, args=("kopi", day)) for _ in range(3)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()

    assert len(inbox.messages) == 2


def test_a_refused_recipient_is_tried_again_and_the_others_are_not(inbox: Inbox) -> None:
    day = DAY - timedelta(weeks=1)
    inbox.refused = {"ibu@example.com"}
    first = delivery.deliver("kopi", day)
    inbox.refused = set()
    second = delivery.deliver("kopi", day)

    assert (first.sent, first.failed) == (1, 1)
    assert (second.sent, second.skipped) == (1, 1)
    assert [to for to, _ in inbox.messages] == [["manager@example.com"], ["ibu@example.com"]]


def test_a_server_that_is_gone_is_told_without_its_password(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GAUNG_SMTP_URL", f"smtp://user:rahasia@127.0.0.1:{free_port()}")
    get_settings.cache_clear()

    with pytest.raises(mail.MailFailed) as caught:
        delivery.deliver("kopi", DAY - timedelta(weeks=2))

    assert "rahasia" not in str(caught.value)
    assert ask("select status from ops.report_sent where status = 'failed'") == [("failed",)] * 2
    monkeypatch.undo()
    get_settings.cache_clear()


def test_what_a_brief_quotes_is_noted_once(shop: Path) -> None:
    noted = "select post_key, metrics_observed_at from ops.report_quote "
    noted += "where brand_id = 'kopi' and local_date = %s order by 1"
    page = delivery.make("kopi", day=DAY).page
    first = ask(noted, (DAY,))
    delivery.make("kopi", day=DAY, language="en")

    named = [row for name in ("explanation", "contacts") for row in page.facts.rows[name]]
    assert {(row["post_key"], row["metrics_observed_at"]) for row in named} == set(first)
    assert len(first) > 3
    assert ask(noted, (DAY,)) == first


def test_without_a_mail_server_it_is_a_file_once(shop: Path) -> None:
    first = delivery.deliver("satu", DAY)
    again = delivery.deliver("satu", DAY)

    assert (first.channel, first.sent, again.sent, again.skipped) == ("file", 1, 0, 1)
    assert first.path.is_file()


def test_nobody_gets_a_page_that_the_checker_refuses(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(page: Any) -> int:
        raise check.PageWrong("no")

    monkeypatch.setattr(check, "verify", refuse)

    with pytest.raises(check.PageWrong):
        delivery.deliver("kopi", DAY - timedelta(weeks=3))

    assert inbox.messages == []


@pytest.mark.parametrize(
    ("moment", "is_due"),
    [
        (datetime(2026, 3, 7, 0, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 6, 23, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 7, 16, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 7, 17, 1, tzinfo=UTC), False),
    ],
    ids=["07:00", "06:59", "23:59", "00:01 of the next day"],
)
def test_a_brief_is_due_from_seven_in_the_brands_own_morning(
    shop: Path, moment: datetime, is_due: bool
) -> None:
    assert (("asing", date(2026, 3, 6)) in delivery.due(moment)) == is_due


def test_what_was_delivered_is_due_no_more(shop: Path) -> None:
    moment = datetime(2026, 3, 9, 1, tzinfo=UTC)
    before = delivery.due(moment)
    delivery.deliver("sepi", date(2026, 3, 8))

    assert ("sepi", date(2026, 3, 8)) in before
    assert ("sepi", date(2026, 3, 8)) not in delivery.due(moment)


def test_the_command_writes_a_page_and_names_unknown_brands(shop: Path) -> None:
    done = CliRunner().invoke(app, ["report", "kopi", "--date", str(DAY), "--lang", "en"])

    assert done.exit_code == 0, done.output
    assert "2026-03-06-en.html" in done.output.replace("\n", "")
    assert "numbers compared" in done.output.replace("\n", " ")
    wrong = CliRunner().invoke(app, ["report", "nobody"])
    assert isinstance(wrong.exception, GaungError)
    assert "kopi" in str(wrong.exception)


def test_the_newest_day_with_posts_is_the_default(shop: Path) -> None:
    assert delivery.make("kopi").page.facts.day == DAY


@pytest.mark.timeout(600)
def test_the_dag_delivers_each_brief_once_through_airflows_connection(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(**more: Any) -> str:
        return json.dumps({"dag_id": "send_reports", **more})

    with mail_server() as (received, port):
        extra = json.dumps({"disable_ssl": True, "disable_tls": True, "from_email": "kabar@example.com"})
        connection = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_SMTP_DEFAULT", json.dumps(connection))
        early, seven, later, *on_demand = run_dags(
            tmp_path,
            run(run_after="2026-03-04T23:10:00+00:00"),
            run(run_after="2026-03-05T00:10:00+00:00"),
            run(run_after="2026-03-05T01:10:00+00:00"),
            run(conf={"brand_id": "kopi", "local_date": "2026-03-04"}),
            run(conf={"brand_id": "kopi", "local_date": "2026-03-03"}),
        )

    assert {one["state"] for one in (early, seven, later, *on_demand)} == {"success"}
    assert states(early)["deliver"] == {"skipped"}, "06:10 in Jakarta"
    assert [task["state"] for task in seven["tasks"] if task["task_id"] == "deliver"] == ["success"] * 4
    assert states(later)["deliver"] == {"skipped"}, "they have had it"
    people = ["ibu@example.com", "manager@example.com"]
    assert [to for to, _ in received.messages] == [[one] for one in people * 2]
    assert [message["Subject"].rsplit(": ")[-1] for _, message in received.messages][::2] == [
        "Rabu, 4 Maret 2026",
        "Selasa, 3 Maret 2026",
    ]
    assert {message["From"] for _, message in received.messages} == {"kabar@example.com"}
    sent = "select brand_id, channel, status from ops.report_sent where local_date = '2026-03-04' order by 1"
    assert ask(sent) == [
        *(("asing", "file", "sent"),),
        *(("kopi", "mail", "sent"),) * 2,
        *((one, "file", "sent") for one in ("satu", "sepi")),
    ]
