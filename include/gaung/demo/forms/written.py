"""A file of the demo, and what is in it record by record."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gaung.demo.posts import Post

Payload = dict[str, Any]


@dataclass(slots=True)
class Written:
    """One file: how to ingest it, and what is in it record by record.

    A record is *unchanged* when it says nothing that the file has not said before. ``repeated`` counts
    posts (or rows) that the same file delivers once more, ``redelivered`` those that another file delivers
    as well, with newer counts. ``followers``: what it says of accounts, by platform, id and time.
    """

    name: str
    format: str
    as_of: datetime
    options: dict[str, str] = field(default_factory=dict)
    received: int = 0
    loaded: int = 0
    unchanged: int = 0
    repeated: int = 0
    redelivered: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    quarantined: Counter[str] = field(default_factory=Counter)
    collected: set[tuple[str, str]] = field(default_factory=set)
    followers: dict[tuple[str, str, datetime], int | None] = field(default_factory=dict)
    said: set[tuple[str, object]] = field(default_factory=set)

    def add(self, kind: str, key: object) -> None:
        """Count a record, which says something new unless the same was said before."""
        self.received += 1
        if (kind, key) in self.said:
            self.unchanged += 1
            self.repeated += kind == "post"
        else:
            self.loaded += 1
            self.said.add((kind, key))

    def add_broken(self, reason: str) -> None:
        """Count a record that cannot be read."""
        self.received += 1
        self.quarantined[reason] += 1

    def collect(self, posts: Iterable[Post]) -> None:
        """Note which posts it delivers."""
        self.collected |= {(post.platform, post.post_id) for post in posts}


def moment(value: datetime) -> str:
    """A time as X writes it."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def line(payload: Payload) -> str:
    """A payload as one line of JSON."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")) + "\n"
