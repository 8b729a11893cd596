"""How fast texts are enriched, against one call of vaderSentiment per text in the same run.

Measured is all that enrichment finds out about a distinct text, task by task as ``gaung.scores``
declares them; no database. The peer is ``SentimentIntensityAnalyzer().polarity_scores(text)``, one call per
text, English rules whatever the language. Both get the same texts, in turns; every text is different, so
no text's result is reused. Then memory: the same for many texts, chunk by chunk, and the peak by the way.
"""

import random
import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from gaung.bench import memory
from gaung.bench.clock import Cost, cost

if TYPE_CHECKING:
    from gaung.brands.config import Brands

TEXTS = 10_000
ROUNDS = 3
ENGLISH_SHARE = 0.2
CHUNK = 20_000
"""Texts held at once, as in a build."""

MANY, FULL = 100_000, 5_000_000
"""Texts of the proof of memory."""

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
        counts: texts of each cost.
        peaks: greatest resident memory so far in MiB, by number of texts enriched; None where not told.
    """

    texts: int
    costs: dict[str, list[Cost]] = field(default_factory=dict)
    counts: dict[str, list[int]] = field(default_factory=dict)
    peaks: dict[int, float | None] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str, texts: int) -> Iterator[None]:
        """Note what the inside costs as a step's with so many texts."""
        with cost() as spent:
            yield
        self.costs.setdefault(name, []).append(spent)
        self.counts.setdefault(name, []).append(texts)

    def rate(self, step: str) -> float:
        """Texts per second of the processor, the median of the rounds."""
        pairs = zip(self.counts[step], self.costs[step], strict=True)
        return float(statistics.median(texts / one.process for texts, one in pairs if texts))

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
            "peak_mib_by_texts": {str(texts): peak for texts, peak in self.peaks.items()},
            "seconds": {step: [one.figures() for one in costs] for step, costs in self.costs.items()},
        }


def measure(texts: int = TEXTS, rounds: int = ROUNDS, many: int = MANY) -> Enriching:
    """The figures of as many rounds, after a warm-up, and of memory over ``many`` texts."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    from gaung.brands.config import load

    brands = load()
    analyser = SentimentIntensityAnalyzer()
    found = Enriching(texts)
    _enrich(invented(200, seed=0), brands, Enriching(200))
    for number in range(1, rounds + 1):
        batch = invented(texts, seed=number)
        with found.step("enrichment", texts):
            told = _enrich(batch, brands, found)
        _by_language(batch, told, found)
        with found.step("vaderSentiment", texts):
            for text in batch:
                analyser.polarity_scores(text)
    _remember(brands, many, found)
    return found


def _enrich(texts: list[str], brands: "Brands", found: Enriching) -> list[str]:
    """Every task of enrichment, each noted as a step; gives the texts' languages."""
    import polars as pl

    from gaung import scores

    frame = pl.DataFrame({"text": texts}).with_columns(text_hash="text", lang=pl.lit(None, dtype=pl.String))
    read = scores.Texts(frame)
    with found.step("words", len(texts)):
        read.words  # noqa: B018 - read once, for all tasks
    for task in scores.TASKS:
        with found.step(task.name, len(texts)):
            rows = task.rows(read, brands, "bench")
        if task.name == "language":
            read.frame = frame.with_columns(rows["lang"])
    return read.frame["lang"].to_list()


def _by_language(texts: list[str], told: list[str], found: Enriching) -> None:
    """The engine of each language alone, on its own texts, whose words it has met by now."""
    import pyarrow as pa

    from gaung.text import registry

    for language, engine in registry.engines("sentiment").items():
        own = [text for text, code in zip(texts, told, strict=True) if code == language]
        batch = pa.RecordBatch.from_pydict({"text": pa.array(own, pa.string())})
        with found.step(f"sentiment of {language} alone", len(own)):
            engine.function(batch)


def _remember(brands: "Brands", many: int, found: Enriching) -> None:
    """Enrich many texts chunk by chunk and note the peak of memory at each tenth."""
    memory.forget_peak()
    unnoted = Enriching(CHUNK)
    for done in range(0, many, CHUNK):
        size = min(CHUNK, many - done)
        _enrich(invented(size, seed=1_000 + done // CHUNK), brands, unnoted)
        unnoted.costs.clear()
        unnoted.counts.clear()
        if (done + size) * 10 // many > done * 10 // many:
            found.peaks[done + size] = memory.peak_mib()


def invented(count: int, *, seed: int) -> list[str]:
    """Short informal texts, all different, four in five of them Indonesian.

    Of phrases, texts of the shipped lists and a made-up name, so that language and model meet new words.
    """
    rng = random.Random(f"gaung bench texts {seed}")  # noqa: S311 - invented data
    listed = _listed()
    found = []
    for number in range(count):
        is_english = rng.random() < ENGLISH_SHARE
        parts = [*rng.sample(_EN if is_english else _ID, rng.randrange(1, 3))]
        if not is_english:
            parts.append(rng.choice(listed))
        name = "".join(rng.choice("aiueo") + rng.choice("bdgklmnprst") for _ in range(4))
        found.append(f"{', '.join(parts)} {name} {seed} #{rng.choice(('kopi', 'ngopi', 'wfh'))} {number}")
    return found


@lru_cache(maxsize=1)
def _listed() -> list[str]:
    """The texts of the shipped lists of intents and aspects."""
    folder = resources.files("gaung.text").joinpath("data/lists")
    lines = [
        line
        for name in ("intent.tsv", "aspect.tsv")
        for line in folder.joinpath(name).read_text("utf-8").splitlines()[1:]
    ]
    return [line.split("\t")[0] for line in lines]
