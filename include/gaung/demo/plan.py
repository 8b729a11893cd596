"""What the demo's three days hold, hour by hour: streams of posts, their moods, and what is planted in them.

Friday 7 to Sunday 9 November 2025 in Jakarta (UTC+7), 288 windows of a quarter of an hour. Three keywords:

* **Friday Feeling**: a hashtag that rises from Friday 14:00, stands at about 2,750 posts an hour in the
  evening and falls from 02:00; moods are positive throughout, less so at the peak, more so after 04:00.
* **Batik Arum**: one hashtag that small accounts carry by reposts (viral), one that large accounts post for
  money and hardly anybody repeats (paid-like).
* **Kopi Senja**: a crisis on Sunday at 10:00, beside a competitor, Kopi Pagi, that has none.

A wave of holiday greetings on Saturday morning looks like Lebaran: much, sudden and glad. On Sunday between
03:00 and 04:00 nothing of X was collected.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from gaung.demo import words
from gaung.demo.words import MOODS, Mood, Sayings

JAKARTA = timedelta(hours=7)
START = datetime(2025, 11, 6, 17, tzinfo=UTC)
HOURS = 72
SPAN = timedelta(hours=HOURS)
END = START + SPAN
WINDOW = timedelta(minutes=15)
WINDOWS = HOURS * 4

FRIDAY, VIRAL, PAID, GREETINGS = "FridayFeeling", "BatikUntukSemua", "GayaArum", "SelamatHariRaya"
SIDE_TOPICS = ("JumatBerkah", "ngopi", "WFH")
CRISIS_BRAND = "kopi_senja"
SATURDAY, SUNDAY = 24, 48
CRISIS_HOURS = range(SUNDAY + 10, SUNDAY + 16)
GREETING_HOURS = range(SATURDAY + 5, SATURDAY + 11)
GAP_HOURS = range(SUNDAY + 3, SUNDAY + 4)

Shares = dict[Mood, float]
_USUAL: Shares = {"positive": 0.45, "neutral": 0.37, "negative": 0.18}
_GLAD: Shares = {"positive": 0.88, "neutral": 0.12, "negative": 0.0}
_ANGRY: Shares = {"positive": 0.0, "neutral": 0.0, "negative": 1.0}
_FRIDAY: Shares = {"positive": 0.57, "neutral": 0.28, "negative": 0.15}
_FRIDAY_PEAK: Shares = {"positive": 0.42, "neutral": 0.44, "negative": 0.14}
_FRIDAY_AFTER: Shares = {"positive": 0.70, "neutral": 0.22, "negative": 0.08}

# Share of a topic's posts by local hour, 0 to 23; each has its own time of day.
_MORNING = (0, 0, 0, 1, 2, 6, 14, 16, 12, 8, 6, 5, 4, 4, 3, 3, 3, 3, 3, 2, 2, 2, 1, 0)
_NOON = (1, 0, 0, 0, 1, 2, 3, 4, 5, 7, 9, 12, 13, 10, 8, 6, 5, 4, 4, 4, 4, 3, 3, 2)
_DUSK = (1, 1, 1, 1, 1, 1, 2, 3, 4, 4, 4, 4, 4, 4, 4, 7, 9, 12, 12, 9, 6, 4, 3, 2)
_QUIET = range(18, SATURDAY + 2)
"""Hours in which the Friday hashtag has nearly all the talk."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Posts that come about for one reason.

    Attributes:
        name: of the stream, and its brand's id if it is about one.
        hourly: posts in each of the 72 hours at full size; multiples of four.
        ways: how many in a hundred are written how (:data:`WAYS`).
        sayings: what is said.
        topic: the hashtag that all its posts carry.
        moods: of the posts, unless ``moods_at`` knows better.
        is_event: left out of history, which is ordinary time.
    """

    name: str
    hourly: tuple[int, ...]
    ways: tuple[int, ...]
    sayings: Sayings
    topic: str | None = None
    moods: tuple[tuple[Mood, float], ...] = tuple(_USUAL.items())
    is_event: bool = False

    def window_counts(self, size: int) -> list[int]:
        """Posts in each of the 288 windows when the whole world has ``size`` of them."""
        reached = [0]
        for count in self.hourly:
            reached += [reached[-1] + count // 4 * quarter for quarter in (1, 2, 3, 4)]
        scaled = [value * size // TOTAL for value in reached]
        return [after - before for before, after in pairwise(scaled)]

    def moods_at(self, hour: int) -> Shares:
        """Shares of the moods in an hour."""
        if self.topic != FRIDAY:
            return dict(self.moods)
        if 17 <= hour <= SATURDAY + 2:
            return _FRIDAY_PEAK
        return _FRIDAY_AFTER if hour >= SATURDAY + 4 else _FRIDAY


WAYS = ("x_post", "x_reply", "x_quote", "x_repost", "tiktok", "instagram", "ig_comment", "yt_comment")
_ORDINARY = (44, 10, 6, 20, 7, 5, 0, 8)


def _days(weights: Sequence[int], friday: int, saturday: int, sunday: int) -> tuple[int, ...]:
    """72 hourly counts from a day's weights and three days' totals."""
    whole = sum(weights)
    hourly = [weight * total / whole for total in (friday, saturday, sunday) for weight in weights]
    return tuple(_fours(value * (0.08 if hour in _QUIET else 1)) for hour, value in enumerate(hourly))


def _fours(value: float) -> int:
    return 4 * int(value / 4 + 0.5)


def _from(first_hour: int, counts: Sequence[int]) -> tuple[int, ...]:
    """72 hourly counts that are zero but for some hours in a row."""
    return tuple([0] * first_hour + list(counts) + [0] * (HOURS - first_hour - len(counts)))


_FRIDAY_HOURLY = (
    *(40, 32, 24, 24, 32, 60, 92, 112, 120, 120, 124, 128, 132, 140),
    *(420, 800, 1200, 1600, 2000, 2360, 2600, 2720, 2700, 2680),
    *(2640, 2600, 1900, 1240, 800, 480, 320, 240, 200, 180, 172, 168, 164, 160, 156, 152, 148, 144),
    *(140, 136, 132, 128, 124, 120),
    *([80] * 24),
)

STREAMS = (
    Stream(
        "friday",
        _FRIDAY_HOURLY,
        (76, 9, 5, 1, 6, 3, 0, 0),
        words.EVERYDAY,
        FRIDAY,
    ),
    Stream("kopi_senja", _days(_DUSK, 6000, 6400, 6000), (40, 10, 6, 18, 7, 5, 14, 0), words.ABOUT_BRAND),
    Stream("kopi_pagi", _days(_MORNING, 4400, 4400, 4200), _ORDINARY, words.ABOUT_BRAND),
    Stream("batik_arum", _days(_NOON, 5800, 6000, 5600), _ORDINARY, words.ABOUT_BRAND),
    Stream("near", _days(_NOON, 520, 560, 520), (84, 8, 8, 0, 0, 0, 0, 0), words.EVERYDAY),
    Stream("own", _days(_NOON, 96, 96, 96), (100, 0, 0, 0, 0, 0, 0, 0), words.ABOUT_BRAND),
    Stream(
        "crisis",
        _from(CRISIS_HOURS.start, (480, 1240, 1440, 1280, 880, 480, 200)),
        (50, 10, 6, 20, 6, 0, 8, 0),
        words.CRISIS,
        moods=tuple(_ANGRY.items()),
        is_event=True,
    ),
    Stream(
        "viral",
        _from(SATURDAY + 11, (160, 320, 520, 720, 840, 880, 800, 640, 480, 320, 200, 120)),
        (14, 2, 2, 80, 2, 0, 0, 0),
        words.ABOUT_BRAND,
        VIRAL,
        moods=tuple(_GLAD.items()),
        is_event=True,
    ),
    Stream(
        "paid",
        _from(SUNDAY + 16, (280, 360, 480, 480, 360, 240, 160)),
        (86, 2, 2, 2, 4, 4, 0, 0),
        words.ENDORSED,
        PAID,
        moods=(("positive", 1.0),),
        is_event=True,
    ),
    Stream(
        "greetings",
        _from(GREETING_HOURS.start, (520, 1240, 1320, 1120, 640, 280)),
        (66, 4, 4, 10, 8, 8, 0, 0),
        words.GREETING,
        GREETINGS,
        moods=tuple(_GLAD.items()),
        is_event=True,
    ),
)
TOTAL = sum(sum(stream.hourly) for stream in STREAMS)
SIZES = {"tiny": 600, "small": 12_000, "full": TOTAL}
"""Posts, reposts and comments; all sizes are the same three days."""


class Quota:
    """Deals values out in given shares, as evenly as can be: ten posts of which half are glad have five."""

    def __init__(self) -> None:
        self._owed = dict.fromkeys(MOODS, 0.0)

    def next(self, shares: Shares) -> Mood:
        """The mood that is owed most."""
        owed = self._owed
        for mood, share in shares.items():
            owed[mood] += share
        chosen = max(shares, key=owed.__getitem__)
        owed[chosen] -= 1
        return chosen
