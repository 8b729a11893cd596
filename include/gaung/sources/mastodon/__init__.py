"""Mastodon: statuses, accounts and notifications of its API."""

from gaung.sources.bodies import BodyFormat
from gaung.sources.mastodon.bodies import PLATFORM

FORMAT = BodyFormat("mastodon_api", PLATFORM)

__all__ = ["FORMAT", "PLATFORM"]
