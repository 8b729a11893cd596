"""Reddit: listings and comment trees of its API."""

from gaung.sources.bodies import BodyFormat
from gaung.sources.reddit.bodies import PLATFORM

FORMAT = BodyFormat("reddit_api", PLATFORM)

__all__ = ["FORMAT", "PLATFORM"]
