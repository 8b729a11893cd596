"""The invented marts, also for the gate's tests."""

from tests.warehouse.conftest import things

__all__ = ["things"]
