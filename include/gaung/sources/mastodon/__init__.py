"""Mastodon: statuses, accounts and notifications of its API."""

from gaung.sources.bodies import body_format
from gaung.sources.mastodon.bodies import PLATFORM

FORMAT = body_format("mastodon_api", "Mastodon API", ("mastodon",), PLATFORM)

__all__ = ["FORMAT", "PLATFORM"]
