"""A whole house for the long proofs: its own home, database server and Airflow, used as people use it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import yaml

from gaung import airflow_home, airflow_processes
from gaung.settings import get_settings
from gaung.warehouse import local, setup
from gaung.warehouse.connect import connect

ENDED = ("success", "failed")


@dataclass
class House:
    """A running Airflow with its warehouse; ``seconds`` is how long it took to become healthy."""

    home: Path
    seconds: float
    client: httpx.Client

    def get(self, path: str, **more: Any) -> Any:
        """What Airflow's API answers."""
        return self.client.get(f"/api/v2/{path}", **more).raise_for_status().json()

    def trigger(self, dag_id: str, **conf: Any) -> str:
        """The run id of a new run."""
        body = {"logical_date": None, "conf": conf}
        answer = self.client.post(f"/api/v2/dags/{dag_id}/dagRuns", json=body).raise_for_status()
        return str(answer.json()["dag_run_id"])

    def await_run(self, dag_id: str, run_id: str, timeout_s: float = 300) -> str:
        """How a run ended."""
        return str(
            until(
                lambda: (state := self.get(f"dags/{dag_id}/dagRuns/{run_id}")["state"]) in ENDED and state,
                timeout_s,
                f"run {run_id} of {dag_id} to end",
            )
        )

    def runs(self, dag_id: str) -> list[dict[str, Any]]:
        """All runs of a DAG."""
        found: list[dict[str, Any]] = self.get(f"dags/{dag_id}/dagRuns", params={"limit": 100})["dag_runs"]
        return found

    def drop(self, name: str, count: int, first: int) -> None:
        """Put a file of posts into the drop folder."""
        self.deliver(name, [post(number) for number in range(first, first + count)])

    def deliver(self, name: str, posts: list[dict[str, Any]]) -> None:
        """Put a file into the drop folder, complete or absent."""
        drop = get_settings().drop
        drop.mkdir(parents=True, exist_ok=True)
        draft = drop / f"{name}.part"
        draft.write_text("".join(json.dumps(one) + "\n" for one in posts))
        draft.replace(drop / name)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with closing(connect("publisher", autocommit=True)) as session, session.cursor() as cursor:
            cursor.execute(query)
            return list(cursor.fetchall())


def post(number: int) -> dict[str, Any]:
    """A post of X about the invented brand."""
    at = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=number)
    return {
        "id": str(1_790_000_000_000_000_000 + number),
        "text": f"kopi uji enak sekali {number}",
        "author_id": str(100 + number % 5),
        "created_at": f"{at:%Y-%m-%dT%H:%M:%S}.000Z",
        "public_metrics": {"retweet_count": 0, "reply_count": 0, "like_count": number, "quote_count": 0},
        "author": {"id": str(100 + number % 5), "name": "Rina", "username": f"rina{number % 5}"},
        "__twarc": {"url": "https://api.twitter.com/2/tweets/search/recent", "version": "2.14",
                    "retrieved_at": "2026-03-04T05:06:07+00:00"},
    }  # fmt: skip


def until(question: Callable[[], Any], timeout_s: float, what: str, pause_s: float = 0.5) -> Any:
    """The first true answer; connections that are refused meanwhile count as no answer."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        try:
            answer = question()
        except httpx.TransportError:
            answer = None
        if answer:
            return answer
        time.sleep(pause_s)
    raise AssertionError(f"waited {timeout_s:.0f} s in vain for {what}\n{airflow_processes.log_tails(30)}")


def log_in(base_url: str) -> httpx.Client:
    """A client that is logged in with the generated password."""
    password = json.loads(airflow_home.password_file().read_text())[airflow_home.USER]
    client = httpx.Client(base_url=base_url, timeout=30)
    body = {"username": airflow_home.USER, "password": password}
    token = client.post("/auth/token", json=body).raise_for_status().json()["access_token"]
    client.headers["Authorization"] = f"Bearer {token}"
    return client


@contextmanager
def living_house(home: Path) -> Iterator[House]:
    """A house at the home that the settings name; everything it started is stopped at the end."""
    brand = {
        "id": "kopi",
        "name": "Kopi Uji",
        "client": "uji",
        "is_synthetic": True,
        "keywords": ["kopi uji"],
    }
    brand |= {"timezone": "Asia/Jakarta", "languages": ["id"]}
    brand["recipients"] = [{"name": "Ibu", "email": "ibu@example.com", "language": "id"}]
    brands = {"clients": [{"id": "uji", "name": "Klien Uji"}], "brands": [brand]}
    get_settings().brands_file.write_text(yaml.safe_dump(brands))
    try:
        setup.ready()
        started = time.monotonic()
        assert airflow_processes.up()
        assert airflow_processes.await_healthy(240), airflow_processes.log_tails(40)
        seconds = time.monotonic() - started
        client = log_in(f"http://127.0.0.1:{airflow_home.port()}")
        until(lambda: client.get("/api/v2/dags").json()["total_entries"] >= 4, 60, "the DAGs to be parsed")
        yield House(home, seconds, client)
    finally:
        airflow_processes.down()
        local.remove()
