"""The page “Gaung” in Airflow's own web server: publications, gate, coverage, outcomes, runs.

Served behind Airflow's login, read-only, without scripts. The application is made at the first request,
so that a scheduler or a task that loads the plugin imports no web framework.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import closing
from pathlib import Path
from typing import Any

PREFIX = "/gaung"
SHOWN = 12

QUERIES = {
    "publications": """
        select version, kind, published_at, published_by, build_id, restores_version,
            (select count(*) from ops.before_image as i where i.version = p.version) as partitions
        from ops.publication as p order by version desc limit %(shown)s
    """,
    "gates": """
        select build_id, status, evaluated_count, declared_count, critical_failed_count,
            warning_failed_count, ended_at, error_message
        from ops.gate_run order by build_id desc limit %(shown)s
    """,
    "results": """
        select build_id, suite || '.' || expectation_id as name, severity, status, if_fails,
            coalesce(accepted_reason, '') as accepted_reason
        from ops.gate_result
        where build_id = (select max(build_id) from ops.gate_run) and status <> 'passed'
        order by severity, name limit 50
    """,
    "coverage": """
        select source, min(hour_at) as first_hour, max(hour_at) as last_hour,
            sum(received_count) as received, sum(loaded_count) as loaded, sum(unchanged_count) as unchanged,
            sum(ignored_count) as ignored, sum(quarantined_count) as quarantined,
            sum(planned_window_count) as planned, sum(completed_window_count) as completed
        from marts.collection_coverage
        where hour_at > (select max(hour_at) from marts.collection_coverage) - interval '7 days'
        group by source order by source
    """,
    "outcomes": """
        select ended_at, step, status, source, received_count, loaded_count, quarantined_count,
            regexp_replace(coalesce(file_name, batch_key), '^.*/', '') as file,
            coalesce(error_class, '') as error_class
        from ops.outcome order by outcome_id desc limit %(shown)s
    """,
    "runs": """
        select dag_id, run_id, state, started_at, ended_at
        from ops.airflow_run where task_id is null order by airflow_run_id desc limit %(shown)s
    """,
    "maintenance": """
        select distinct on (step) step, status, ended_at, coalesce(error_message, '') as error_message
        from ops.maintenance order by step, maintenance_id desc
    """,
}

Message = MutableMapping[str, Any]


async def app(
    scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
) -> None:
    """The page as an ASGI application."""
    global _made
    if _made is None:
        _made = make()
    await _made(scope, receive, send)


_made: Any = None


def make() -> Any:
    """The FastAPI application: one page, for everybody who may see Airflow's own."""
    from airflow.api_fastapi.auth.managers.models.resource_details import AccessView
    from airflow.api_fastapi.core_api.security import requires_access_view
    from fastapi import Depends, FastAPI
    from fastapi.responses import HTMLResponse

    made = FastAPI(title="Gaung", docs_url=None, redoc_url=None, openapi_url=None)

    @made.get("/", dependencies=[Depends(requires_access_view(AccessView.WEBSITE))])
    def show() -> HTMLResponse:
        headers = {
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
            "frame-ancestors 'self'; base-uri 'none'; form-action 'none'",
            "Cache-Control": "no-store",
        }
        return HTMLResponse(render(), headers=headers)

    return made


def render() -> str:
    """The page now, as HTML."""
    from jinja2 import Environment, StrictUndefined

    from gaung import status

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    template = environment.from_string(Path(__file__).with_name("page.html").read_text("utf-8"))
    return template.render(status=status.collect(), **_facts())


def _facts() -> dict[str, list[dict[str, Any]]]:
    """Rows of every query; none where the table was never published."""
    from psycopg2.errors import UndefinedTable
    from psycopg2.extras import RealDictCursor

    from gaung.warehouse.connect import connect

    found: dict[str, list[dict[str, Any]]] = {}
    with closing(connect("publisher", autocommit=True, application_name="gaung page")) as conn:
        conn.set_session(readonly=True)
        with conn.cursor(cursor_factory=RealDictCursor) as cur:
            for name, query in QUERIES.items():
                try:
                    cur.execute(query, {"shown": SHOWN})
                    found[name] = [dict(row) for row in cur.fetchall()]
                except UndefinedTable:
                    found[name] = []
    return found
