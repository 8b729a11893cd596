"""A dashboard's CSV of comments: semicolons, day-first dates, thousands with dots, "1,2 rb"."""

import csv
import io
from collections.abc import Sequence
from datetime import datetime
from random import Random

from gaung.demo.forms.written import Written
from gaung.demo.plan import CRISIS_BRAND, JAKARTA
from gaung.demo.posts import Post

MAP_NAME = "comments.map.yml"
HEADER = ("ID Komentar", "ID Unggahan", "Nama Akun", "Waktu", "Isi Komentar", "Suka", "Skor Dasbor")
COMMENT_MAP = """\
# Column map of the comments that the dashboard exports (synthetic data).
title: Comments of a dashboard
platform: instagram
post_type: comment
file:
  delimiter: semicolon
  decimal: ","
  thousands: "."
  dates: day_first
  timezone: Asia/Jakarta
posts:
  post_id: ID Komentar
  parent_post_id: ID Unggahan
  author_id: Nama Akun
  created_at: Waktu
  text: Isi Komentar
metrics:
  likes: Suka
authors:
  handle: Nama Akun
ignore: [Skor Dasbor]
"""


def indonesian_count(value: int) -> str:
    """A count as Indonesian dashboards print it: 12, 1.234, "12,3 rb"."""
    if value >= 10_000 and value % 100 == 0:
        return f"{value // 1000},{value % 1000 // 100} rb"
    return f"{value:,}".replace(",", ".")


def _row(comment: Post) -> list[str]:
    assert comment.refers_to is not None
    local = comment.created_at + JAKARTA
    return [
        comment.post_id,
        comment.refers_to.post_id,
        comment.author.handle,
        f"{local:%d/%m/%Y %H:%M}",
        comment.content.text,
        "" if comment.hides == "everything" else indonesian_count(comment.counts["likes"]),
        f"0,{int(comment.post_id) % 90 + 10}",
    ]


def comments(comments: Sequence[Post], at: datetime, rng: Random) -> tuple[Written, str]:
    """The comments of one brand's own posts, a few rows twice, a few unreadable."""
    written = Written(
        f"comments_{CRISIS_BRAND}_{at:%Y%m%dT%H%M}Z.csv",
        "table",
        at,
        {"brand": CRISIS_BRAND, "map": MAP_NAME},
    )
    rows = [_row(comment) for comment in comments]
    repeated = [rows[rng.randrange(len(rows))] for _ in range(max(len(rows) // 80, 2))]
    broken = []
    for number in range(max(len(rows) // 200, 3)):
        row = list(rows[rng.randrange(len(rows))])
        row[0] = str(int(row[0]) + 1)
        column, value, reason = ((3, "31/02/2025 10:00", "bad_date"), (5, "banyak", "bad_number"))[number % 2]
        row[column] = value
        written.quarantined[reason] += 1
        broken.append(row)
    every = [*rows, *broken]
    rng.shuffle(every)
    every += repeated
    written.received, written.loaded = len(every), len(rows)
    written.unchanged = written.repeated = len(repeated)
    written.collect(comments)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(every)
    return written, "\ufeff" + out.getvalue()
