"""Bluesky: feeds, searches, threads and profiles of its API, and Jetstream events."""

from gaung.sources.bluesky.bodies import PLATFORM
from gaung.sources.bodies import body_format

FORMAT = body_format("bluesky_api", "Bluesky (AT Protocol)", ("bluesky",), PLATFORM)

__all__ = ["FORMAT", "PLATFORM"]
