"""Metabase's first set-up over its REST API: an administrator, and the published tables as a database.

Works with the free edition. What is there already is left alone, so that it can run at every start.
"""

import json
import logging
import os
import secrets
from pathlib import Path
from typing import Any

import httpx

from gaung.errors import AuthFailed, GaungError, ServerUnavailable, SettingsInvalid
from gaung.settings import get_settings
from gaung.warehouse.connect import parameters

log = logging.getLogger(__name__)

EMAIL = "admin@gaung.localhost"
DATABASE = "Gaung"
TIMEOUT_S = 60


def password_file() -> Path:
    """Where the generated password of Metabase's administrator is kept (0600)."""
    return get_settings().secrets / "metabase.json"


def set_up() -> bool:
    """True when the set-up was made now, False when Metabase had one; the database is there in both cases.

    Raises:
        SettingsInvalid: no address is set.
        ServerUnavailable: nothing answers there.
        AuthFailed: Metabase was set up by somebody else, or the password was changed since.
    """
    address = get_settings().metabase_url
    if not address:
        raise SettingsInvalid("GAUNG_METABASE_URL is not set: it names the Metabase to set up")
    with httpx.Client(base_url=address.rstrip("/"), timeout=TIMEOUT_S) as client:
        try:
            properties = _ask(client, "GET", "/api/session/properties")
            is_new = not properties["has-user-setup"]
            if is_new:
                _first_user(client, properties["setup-token"])
            client.headers["X-Metabase-Session"] = _log_in(client)
            _add_database(client)
        except httpx.TransportError as error:
            raise ServerUnavailable(f"Metabase does not answer at {address}: {error}") from error
    return is_new


def _first_user(client: httpx.Client, token: str) -> None:
    user = {"first_name": "Gaung", "last_name": "Admin", "email": EMAIL, "password": _password()}
    preferences = {"site_name": "Gaung", "site_locale": "en", "allow_tracking": False}
    _ask(client, "POST", "/api/setup", {"token": token, "user": user, "prefs": preferences})
    log.info("Metabase is set up; the password of %s is in %s", EMAIL, password_file())


def _log_in(client: httpx.Client) -> str:
    answer = client.post("/api/session", json={"username": EMAIL, "password": _password()})
    if answer.status_code in (400, 401):
        raise AuthFailed(
            f"Metabase refuses {EMAIL} with the password in {password_file()}: it was set up by somebody "
            "else, or the password was changed. Add the database by hand as `gaung connect` says it"
        )
    return str(_content(answer)["id"])


def _add_database(client: httpx.Client) -> None:
    found = _ask(client, "GET", "/api/database")
    known = found.get("data", []) if isinstance(found, dict) else found
    if any(one["name"] == DATABASE for one in known):
        return
    reader = parameters("bi_reader")
    details = {
        "host": reader.get("host", "localhost"),
        "port": int(reader.get("port", "5432")),
        "dbname": reader["dbname"],
        "user": reader["user"],
        "password": reader["password"],
        "ssl": reader.get("sslmode", "prefer") not in ("disable", "allow", "prefer"),
        "schema-filters-type": "inclusion",
        "schema-filters-patterns": "marts",
    }
    _ask(client, "POST", "/api/database", {"name": DATABASE, "engine": "postgres", "details": details})


def _ask(client: httpx.Client, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
    return _content(client.request(method, path, json=body))


def _content(answer: httpx.Response) -> Any:
    """What Metabase answers; its words are in the error, what was sent to it never is."""
    if answer.is_error:
        raise GaungError(
            f"Metabase answers {answer.request.method} {answer.request.url.path} with "
            f"{answer.status_code}: {answer.text[:500]}"
        )
    return answer.json()


def _password() -> str:
    file = password_file()
    if not file.is_file():
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            json.dump({EMAIL: f"{secrets.token_urlsafe(18)}-7a"}, stream)
    known: dict[str, str] = json.loads(file.read_text("utf-8"))
    return known[EMAIL]
