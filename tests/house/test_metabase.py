"""Metabase's first set-up, against a stand-in: no Metabase can be installed where the tests run.

The stand-in is a real HTTP server that keeps the state which the set-up depends on, and refuses what Metabase
refuses: a second first user, a wrong password, a database without a session.
"""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from gaung import metabase
from gaung.errors import AuthFailed, ServerUnavailable, SettingsInvalid
from gaung.settings import get_settings


class StandIn(BaseHTTPRequestHandler):
    """The endpoints of Metabase's API that the set-up uses."""

    users: dict[str, str]
    databases: list[dict[str, Any]]

    def do_GET(self) -> None:
        if self.path == "/api/session/properties":
            self.say(200, {"setup-token": "t0k3n", "has-user-setup": bool(self.users)})
        elif self.path == "/api/database" and self.is_known():
            self.say(200, {"data": [{"name": one["name"]} for one in self.databases], "total": 1})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/api/setup":
            if self.users or body["token"] != "t0k3n":
                self.say(403, "The /api/setup route can only be used to create the first user")
                return
            self.users[body["user"]["email"]] = body["user"]["password"]
            self.say(200, {"id": "session"})
        elif self.path == "/api/session":
            if self.users.get(body["username"]) != body["password"]:
                self.say(401, {"errors": {"password": "did not match stored password"}})
                return
            self.say(200, {"id": "session"})
        elif self.path == "/api/database" and self.is_known():
            self.databases.append(body)
            self.say(200, {"id": len(self.databases)})

    def is_known(self) -> bool:
        """Whether the request has a session; it is refused otherwise."""
        if self.headers.get("X-Metabase-Session") == "session":
            return True
        self.say(401, "Unauthenticated")
        return False

    def say(self, status: int, body: Any) -> None:
        """Answer."""
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def stand_in(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[StandIn]]:
    """A Metabase that was just started."""
    handler = type("Fresh", (StandIn,), {"users": {}, "databases": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("GAUNG_METABASE_URL", f"http://127.0.0.1:{server.server_port}")
    get_settings.cache_clear()
    metabase.password_file().unlink(missing_ok=True)
    yield handler
    server.shutdown()
    server.server_close()
    metabase.password_file().unlink(missing_ok=True)


def test_a_fresh_metabase_gets_an_administrator_and_the_published_tables(stand_in: type[StandIn]) -> None:
    assert metabase.set_up() is True

    (database,) = stand_in.databases
    assert (database["name"], database["engine"]) == ("Gaung", "postgres")
    assert database["details"]["user"] == "bi_reader"
    assert database["details"]["schema-filters-patterns"] == "marts"
    assert metabase.password_file().stat().st_mode & 0o777 == 0o600

    assert metabase.set_up() is False, "again"
    assert len(stand_in.databases) == 1


def test_a_database_that_was_removed_comes_back(stand_in: type[StandIn]) -> None:
    metabase.set_up()
    stand_in.databases.clear()

    assert metabase.set_up() is False
    assert len(stand_in.databases) == 1


def test_the_metabase_of_somebody_else_is_left_alone(stand_in: type[StandIn]) -> None:
    stand_in.users["boss@example.com"] = "pw"

    with pytest.raises(AuthFailed, match="set up by somebody else") as error:
        metabase.set_up()

    assert json.loads(metabase.password_file().read_text())[metabase.EMAIL] not in str(error.value)
    assert stand_in.databases == []


def test_without_address_or_answer_it_is_said(warehouse: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsInvalid, match="GAUNG_METABASE_URL is not set"):
        metabase.set_up()
    monkeypatch.setenv("GAUNG_METABASE_URL", "http://127.0.0.1:1")
    get_settings.cache_clear()
    with pytest.raises(ServerUnavailable, match="does not answer"):
        metabase.set_up()
