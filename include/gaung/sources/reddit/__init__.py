"""Reddit: listings and comment trees of its API."""

from gaung.sources.bodies import body_format
from gaung.sources.reddit.bodies import PLATFORM

FORMAT = body_format("reddit_api", "Reddit API", ("reddit",), PLATFORM)

__all__ = ["FORMAT", "PLATFORM"]
