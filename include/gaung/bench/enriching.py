"""How fast texts are enriched, against one call of vaderSentiment per text in the same run.

Measured is what enrichment does with a distinct text: its language, its sentiment (Indonesian by
``gaung-id``, English by VADER), its masked form; no database. The peer is
``SentimentIntensityAnalyzer().polarity_scores(text)``, one call per text, English rules whatever the
language. Both get the same texts, in turns; every text is different, so nothing is reused.
"""

import random
import statistics
from dataclasses import dataclass, field
from typing import Any

from gaung.bench.clock import Cost, cost

TEXTS = 10_000
ROUNDS = 3
ENGLISH_SHARE = 0.2

_ID = (
    *("kopinya enak banget", "pelayanan lambat gak recommended", "harganya naik terus", "wkwkwk mantap jiwa"),
    *(
        "antrenya lama banget min",
        "barista ramah, tempatnya nyaman",
        "pesanan saya salah lagi",
        "biasa aja sih",
    ),
    *(
        "kapan buka cabang di bandung kak",
        "kecewa, rasanya hambar",
        "promo akhir bulan masih ada?",
        "suka banget",
    ),
)
_EN = (
    *("the coffee was really good", "terrible service, never again", "not bad at all", "prices keep rising"),
    *(
        "lovely staff and a cosy place",
        "my order was wrong AGAIN!!",
        "when do you open in bandung?",
        "it is okay",
    ),
)


@dataclass
class Enriching:
    """What the rounds came to.

    Attributes:
        texts: in each round.
        costs: per step and for the peer, one per round.
    """

    texts: int
    costs: dict[str, list[Cost]] = field(default_factory=dict)

    def rate(self, step: str) -> float:
        """Texts per second of the processor, the median of the rounds."""
        return float(statistics.median(self.texts / one.process for one in self.costs[step]))

    @property
    def times_vader(self) -> float:
        """How many times the peer's rate ours is, the median of the rounds' own ratios."""
        pairs = zip(self.costs["vaderSentiment"], self.costs["enrichment"], strict=True)
        return float(statistics.median(peer.process / ours.process for peer, ours in pairs))

    def figures(self) -> dict[str, Any]:
        """All figures, for JSON."""
        return {
            "texts": self.texts,
            "rounds": len(self.costs["enrichment"]),
            "texts_per_processor_second": {step: round(self.rate(step)) for step in self.costs},
            "times_vadersentiment": round(self.times_vader, 2),
            "seconds": {step: [one.figures() for one in costs] for step, costs in self.costs.items()},
        }


def measure(texts: int = TEXTS, rounds: int = ROUNDS) -> Enriching:
    """The figures of as many rounds, after a warm-up."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyser = SentimentIntensityAnalyzer()
    found = Enriching(texts)
    _enrich(invented(200, seed=0), Enriching(200))
    for number in range(1, rounds + 1):
        batch = invented(texts, seed=number)
        _enrich(batch, found)
        with cost() as spent:
            for text in batch:
                analyser.polarity_scores(text)
        found.costs.setdefault("vaderSentiment", []).append(spent)
    return found


def _enrich(texts: list[str], found: Enriching) -> None:
    import pyarrow as pa

    from gaung.brands.config import load
    from gaung.text import mask, registry, sentiment

    language = registry.engine("language")
    assert language is not None
    masking = mask.engine(load().allowed_handles)
    column = pa.array(texts, pa.string())
    batch = pa.RecordBatch.from_arrays([column], names=["text"])
    with cost() as whole:
        with cost() as spent:
            told = language.function(batch)
        found.costs.setdefault("language", []).append(spent)
        both = pa.RecordBatch.from_arrays([column, told.column("lang")], names=["text", "lang"])
        with cost() as spent:
            sentiment.score(both)
        found.costs.setdefault("sentiment", []).append(spent)
        with cost() as spent:
            masking.function(batch)
        found.costs.setdefault("mask", []).append(spent)
    found.costs.setdefault("enrichment", []).append(whole)


def invented(count: int, *, seed: int) -> list[str]:
    """Short informal texts, all different, four in five of them Indonesian."""
    rng = random.Random(f"gaung bench texts {seed}")  # noqa: S311 - invented data
    found = []
    for number in range(count):
        parts = _EN if rng.random() < ENGLISH_SHARE else _ID
        words = ", ".join(rng.sample(parts, rng.randrange(1, 4)))
        found.append(f"{words} #{rng.choice(('kopi', 'ngopi', 'wfh', 'promo'))} {seed}{number}")
    return found
