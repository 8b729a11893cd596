"""YouTube: videos, comments, channels and searches of its Data API."""

from gaung.sources.bodies import body_format
from gaung.sources.youtube.bodies import PLATFORM

FORMAT = body_format("youtube_api", "YouTube Data API v3", ("youtube",), PLATFORM)

__all__ = ["FORMAT", "PLATFORM"]
