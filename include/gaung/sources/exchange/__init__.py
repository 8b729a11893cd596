"""Recorded HTTP exchanges (VCR, Betamax): the bodies in them, each by its own platform."""

from gaung.sources.exchange.format import exchange_format

FORMAT = exchange_format()

__all__ = ["FORMAT"]
