"""Gaung inside Airflow: a page in the menu, a listener, and our operators where people look for them.

Airflow 3 takes operators by import, not as plugin fields; they live in ``gaung_airflow.operators``. A
plugin that cannot be imported is reported by Airflow and stops no DAG: none of ours imports this file.
"""

from airflow.plugins_manager import AirflowPlugin

from gaung_airflow import listener, page
from gaung_airflow.operators import (
    BuildPrepareOperator,
    BuildStagesOperator,
    DropFolderPlanOperator,
    FileIngestOperator,
    MaintainOperator,
    ReportOperator,
    ReportsDueOperator,
)

__all__ = [
    "BuildPrepareOperator",
    "BuildStagesOperator",
    "DropFolderPlanOperator",
    "FileIngestOperator",
    "GaungPlugin",
    "MaintainOperator",
    "ReportOperator",
    "ReportsDueOperator",
]


class GaungPlugin(AirflowPlugin):
    """The page behind Airflow's login, and the rows that the listener writes to ``ops``."""

    name = "gaung"
    fastapi_apps = [{"app": page.app, "url_prefix": page.PREFIX, "name": "Gaung"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {"name": "Gaung", "href": f"{page.PREFIX}/", "url_route": "gaung", "destination": "nav"}
    ]
    listeners = [listener]  # noqa: RUF012
