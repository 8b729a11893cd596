"""Meta: bodies of the Graph API for Facebook and Instagram, and of the Threads API."""

from gaung.sources.bodies import body_format
from gaung.sources.meta.bodies import PLATFORM

FORMAT = body_format(
    "meta_graph",
    "Facebook, Instagram and Threads (Graph API)",
    ("facebook", "instagram", "threads"),
    PLATFORM,
)

__all__ = ["FORMAT", "PLATFORM"]
