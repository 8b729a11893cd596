"""One small planted world for all tests of reports, built and published once through the real gate."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from gaung import pipeline
from gaung.settings import get_settings
from gaung.sources import registry
from gaung.warehouse import setup
from gaung.warehouse.connect import connect
from tests.building import deliver
from tests.conftest import TEMPLATE
from tests.fakes import LineFormat

DAY = date(2026, 3, 6)
GOOD, BAD, PLAIN = "I love {} so much", "{} is terrible and I hate it", "the {} stands in the room"
HOSTILE = (
    '{} is horrible <script>alert(1)</script><style>*{{display:none}}</style><svg onload="alert(1)">'
    "<img src=https://evil.invalid/x.png> \u202e\u2066 url(https://evil.invalid/y) \"'{{{{ 7*7 }}}} & "
)

BRANDS = {
    "clients": [{"id": "uji", "name": "Klien Uji"}],
    "brands": [
        {
            "id": brand_id,
            "name": name,
            "client": "uji",
            "is_synthetic": True,
            "timezone": "Asia/Jakarta",
            "languages": languages,
            "keywords": [keyword],
            "hashtags": [brand_id],
            **more,
        }
        for brand_id, name, keyword, languages, more in (
            (
                "kopi",
                'Kopi <b>"Uji"</b>',
                "kopi uji",
                ["id", "en"],
                {
                    "handles": {"x": ["@kopiuji"]},
                    "recipients": [
                        {"name": "Ibu", "email": "ibu@example.com", "language": "id"},
                        {"name": "Manager", "email": "manager@example.com", "language": "en"},
                    ],
                },
            ),
            ("sepi", "Warung Sepi", "warung sepi", ["id"], {}),
            ("satu", "Satu Rasa", "satu rasa", ["id"], {}),
            ("asing", "Asing", "asing uji", ["en"], {}),
        )
    ],
}


class Writer:
    """Rows of posts with running ids."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def post(self, day: date, hour: int, text: str, author: str, **columns: Any) -> str:
        """A post at a local hour in Jakarta; gives its id."""
        post_id = str(len(self.rows) + 1)
        created = f"{day}T{hour:02d}:30:00+07:00"
        row = {
            "platform": "x",
            "post_id": post_id,
            "author_id": author,
            "created_at": created,
            "text": text,
            "post_type": "post",
            "is_collected": True,
            "is_deleted": False,
            "url": f"https://x.com/u/status/{post_id}",
        }
        self.rows.append(row | columns)
        return post_id


def world() -> list[dict[str, Any]]:
    """Four weeks of Kopi Uji with one angry conversation at the end; little or nothing of the others."""
    writer = Writer()
    for week in range(1, 5):
        for number in range(10 + week):
            writer.post(DAY - timedelta(weeks=week), 9 + number % 8, GOOD.format("kopi uji"), f"a{number}")
    for number in range(20):
        text = (GOOD if number < 15 else BAD).format("kopi uji")
        writer.post(DAY - timedelta(days=1), 8 + number % 12, text, f"a{number}")
    for number in range(12):
        writer.post(DAY, 8 + number, GOOD.format("kopi uji"), f"a{number}")
    root = writer.post(DAY, 12, HOSTILE.format("kopi uji") + "x" * 10_000, "loud")
    for number in range(9):
        writer.post(
            DAY,
            13,
            BAD.format("kopi uji"),
            f"b{number}",
            post_type="reply",
            parent_post_id=root,
            root_post_id=root,
        )
    writer.post(DAY, 14, PLAIN.format("kopi uji") + " call +62 812 3456 7890 or @somebody?", "asker")
    writer.post(DAY, 15, GOOD.format("kopi uji"), "own")
    writer.post(DAY, 15, GOOD.format("kopi uji"), "a1", post_type="repost", reposted_post_id=root)
    writer.post(DAY, 15, GOOD.format("satu rasa"), "a1")
    for number in range(3):
        writer.post(DAY, 16, "コーヒーはどこですか", f"j{number}", hashtags=["asing"])
    people = [
        {"platform": "x", "author_id": "loud", "handle": '<i>loud"</i>', "is_verified": True},
        {"platform": "x", "author_id": "own", "handle": "kopiuji"},
        {"platform": "x", "author_id": "asker", "handle": "asker_private"},
    ]
    figures = [
        {"platform": "x", "post_id": row["post_id"], "likes": 900 if row["author_id"] == "loud" else 3}
        for row in writer.rows
    ]
    return [
        {
            "rows": {"posts": writer.rows, "authors": people, "post_metrics": figures},
            "observed_at": f"{DAY + timedelta(days=1)}T00:00:00+00:00",
        }
    ]


@pytest.fixture(scope="package")
def shop(server: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The planted world, published; gives the home folder."""
    home = tmp_path_factory.mktemp("home")
    name = f"test_{uuid.uuid4().hex[:12]}"
    _server(f"create database {name} template {TEMPLATE}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GAUNG_DATABASE", name)
        patch.setenv("GAUNG_LANDING_URL", (home / "landing").as_uri())
        patch.setenv("GAUNG_BRANDS_FILE", str(home / "brands.yml"))
        patch.setattr(registry, "formats", lambda: (LineFormat(),))
        get_settings.cache_clear()
        setup.ready()
        get_settings().brands_file.write_text(yaml.safe_dump(BRANDS, allow_unicode=True), encoding="utf-8")
        deliver(world())
        report = pipeline.build(holder="test")
        assert report.status == "published", report
        yield get_settings().home
    get_settings.cache_clear()
    _server(f"drop database {name} with (force)")


def _server(statement: str) -> None:
    with closing(connect("admin", database="postgres", autocommit=True)) as session:
        session.cursor().execute(statement)
