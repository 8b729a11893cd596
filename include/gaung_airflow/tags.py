"""The tags of our DAGs: a closed list, so that the UI's filter stays short."""

from enum import StrEnum


class Tag(StrEnum):
    """What a DAG is about."""

    INGEST = "ingest"
    BUILD = "build"
    PUBLISH = "publish"
    FILES = "files"
    LEARN = "learn"
    MAINTENANCE = "maintenance"
    REPORT = "report"
