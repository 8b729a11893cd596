"""What our DAGs produce and wait for; names are those of docs/architecture.md."""

from airflow.sdk import Asset

RAW_FILES = Asset(name="raw/files", uri="x-gaung://raw/files")
"""New batches from the drop folder are committed in ``raw``."""

MARTS = Asset(name="marts", uri="x-gaung://marts")
"""A new version of the published tables is live."""

REPORTS = Asset(name="reports", uri="x-gaung://reports")
"""A brief was delivered."""
