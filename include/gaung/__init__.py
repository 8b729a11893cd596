"""Gaung: what people say about small brands on social media, as tables that can be trusted."""

__version__ = "0.1.0"
