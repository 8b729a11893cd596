"""Our operators under the folder where people look for them; they live in ``gaung_airflow.operators``.

Airflow 3 takes operators by import, not as plugin fields; the plugin only shows itself in the UI's list.
"""

from airflow.plugins_manager import AirflowPlugin

from gaung_airflow.operators import (
    BuildPrepareOperator,
    BuildStagesOperator,
    DropFolderPlanOperator,
    FileIngestOperator,
)

__all__ = [
    "BuildPrepareOperator",
    "BuildStagesOperator",
    "DropFolderPlanOperator",
    "FileIngestOperator",
    "GaungPlugin",
]


class GaungPlugin(AirflowPlugin):
    """Says that Gaung is installed."""

    name = "gaung"
