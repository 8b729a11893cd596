"""Versions of the built-in engines, apart from their code, so that to read them imports nothing heavy.

Each changes with every change of a result, whether by rules, words, weights or a library.
"""

from importlib.metadata import version

LANGUAGE = f"2+lingua{version('lingua-language-detector')}"
ENGLISH = f"{version('vaderSentiment')}+clean1"
INDONESIAN = "1"
MASK_RULES = "1"
TERMS = "1"
RULES = {"intent": "1", "aspect": "1", "activity": "1", "relevance": "1", "industry": "2"}
REASONS = f"intent{RULES['intent']}+aspect{RULES['aspect']}"
BUSINESS = f"relevance{RULES['relevance']}+industry{RULES['industry']}+activity{RULES['activity']}"
PLACES = "1"
NAMES = "1"
ENTITIES = f"places{PLACES}.names{NAMES}"
SPELLING = "1"
