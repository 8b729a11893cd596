"""The six facts and the plain rule for a crisis: each can fail, alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gaung.demo import plan
from gaung.demo.shapes import Hour, alarms, friday


def as_planted() -> list[Hour]:
    """The hashtag's hours as the plan has them, heard without error."""
    hashtag = next(stream for stream in plan.STREAMS if stream.topic == plan.FRIDAY)
    hours = []
    for number, count in enumerate(hashtag.hourly):
        shares = hashtag.moods_at(number)
        mean = 0.7 * (shares["positive"] - shares["negative"])
        hours.append(Hour(number, count, count, round(count * shares["negative"]), mean))
    return hours


def broken(change: Callable[[Hour], Hour]) -> str:
    """The facts that do not hold after a change of the hours."""
    return " ".join(friday([change(hour) for hour in as_planted()], 1.0).differences)


def test_the_plan_shows_all_six_facts() -> None:
    assert friday(as_planted(), 1.0).differences == ()


@pytest.mark.parametrize(
    ("change", "fact"),
    [
        (lambda hour: replace(hour, post_count=10) if hour.number == 15 else hour, "rises from Friday 14:00"),
        (lambda hour: replace(hour, post_count=hour.post_count * 8 // 10), "about 2,750 posts"),
        (lambda hour: replace(hour, post_count=2600) if hour.number == 27 else hour, "falls from 02:00"),
        (
            lambda hour: replace(hour, sentiment_mean=-0.1) if hour.number == 60 else hour,
            "positive throughout",
        ),
        (lambda hour: replace(hour, sentiment_mean=0.4), "lower at the peak"),
        (lambda hour: replace(hour, sentiment_mean=0.1) if hour.number > 27 else hour, "higher after 04:00"),
        (
            lambda hour: replace(hour, negative_count=hour.scored_count // 2) if hour.number == 20 else hour,
            "no crisis",
        ),
    ],
    ids=["rise", "peak", "fall", "positive", "lower", "higher", "crisis"],
)
def test_each_fact_can_fail(change: Callable[[Hour], Hour], fact: str) -> None:
    assert fact in broken(change)


def hours_with(negative: list[int], scored: list[int]) -> list[Hour]:
    return [
        Hour(number, count, count, bad, 0.1)
        for number, (bad, count) in enumerate(zip(negative, scored, strict=True))
    ]


CALM_BAD, CALM_ALL = [18, 22] * 12, [100, 120] * 12


@pytest.mark.parametrize(
    ("negative", "scored", "found"),
    [
        ([200, 20], [260, 110], [24]),
        ([200, 210], [260, 270], [24, 25]),
        ([200, 20], [1100, 110], []),
        ([60, 20], [70, 110], [24]),
        ([22, 20], [22, 110], []),
        ([0, 0], [0, 0], []),
    ],
    ids=["much and angry", "goes on", "much but as ever", "a little, all angry", "angry but few", "silence"],
)
def test_a_crisis_is_much_and_angry(negative: list[int], scored: list[int], found: list[int]) -> None:
    assert alarms(hours_with(CALM_BAD + negative, CALM_ALL + scored)) == found


def test_without_a_past_there_is_no_alarm() -> None:
    assert alarms(hours_with([*CALM_BAD[:13], 500], [*CALM_ALL[:13], 500])) == []
