"""API bodies: what the formats of platforms' own JSON answers have in common.

A *body* is one JSON value as a platform's API answers it: a page, an object, an error. A platform
says which bodies are its own, cuts them into *items* (one post, comment, account … each; what a body
holds besides is an item of an ignored kind), and maps each kind. The same platform is met in files
of bodies (:func:`body_format`) and in recorded HTTP exchanges (:mod:`gaung.sources.exchange`).
"""

from gaung.sources.bodies.platform import (
    UNKNOWN,
    IgnoredKind,
    Item,
    ItemKind,
    Platform,
    body_format,
    field_names,
    platform_of,
    platforms,
    top_fields,
)

__all__ = [
    "UNKNOWN",
    "BodyFormat",
    "IgnoredKind",
    "Item",
    "ItemKind",
    "Platform",
    "body_format",
    "field_names",
    "platform_of",
    "platforms",
    "top_fields",
]
