"""Recorded HTTP exchanges (VCR, Betamax): the bodies in them, each by its own platform."""

from gaung.sources.exchange.format import FORMAT

__all__ = ["FORMAT"]
