"""Why a step had nothing to do."""


class Skipped(Exception):
    """A step had nothing to do; the message says why."""
