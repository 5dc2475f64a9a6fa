"""Numbers and dates of a statement, in whatever form they are written."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from gateway.answers.quantities import stand_in

SAME = [
    ("On 4 October 2026.", "opens 2026-10-04"),
    ("am 4. Oktober", "on 2026-10-04T12:00"),
    ("el 4 de octubre de 2026", "October 4th, 2026"),
    ("le 4 octobre 2026", "2026\u5e7410\u67084\u65e5"),
    ("in October 2026", "04.10.2026"),
    ("in 2026", "04.10.2026"),
    ("4 October 2026", "4 pa\u017adziernika 2026"),
    ("1,000 boats", "1000 boats"),
    ("1.2 million", "1,200,000"),
    ("1,200,000", "1.2 Mio. Euro"),
    ("5k", "5 thousand"),
    ("at 2:30 pm", "14:30"),
    ("at 14:30", "from 2:30 p.m."),
    ("at 18:00", "from 6 p.m."),
    ("3.5 m", "3,50 m"),
    ("version 1.5.2", "v1.5.2"),
    ("berths 5 and 100", "| 5 | 100 |"),
    ("berth 5, of 100 feet", "berth 5 100 feet"),
    ("berth 5 at 100 feet", "| 5 | 100 |"),
    ("14 metres a second", "14 m/s"),
    ("5 Minuten", "5 min"),
    ("\u20ac5", "5 euros"),
    ("five hundred and five boats", "505 boats"),
    ("twenty-five boats", "25 boats"),
    ("two lines", "zwei Leinen"),
    ("30 minutes", "half an hour of waiting"),
    ("one of them", "some of them"),
]
OTHER = [
    ("On 4 November 2026.", "opens 2026-10-04"),
    ("On 5 October 2026.", "opens 2026-10-04"),
    ("On 4 October 2025.", "opens 2026-10-04"),
    ("in November 2026", "2026-10-04"),
    ("35 boats", "3.5 boats"),
    ("5 boats", "3.5 boats"),
    ("1,001 boats", "1000 boats"),
    ("1.3 million", "1,200,000"),
    ("version 1.5.3", "v1.5.2"),
    ("at 3:30 pm", "14:30"),
    ("14 km/h", "14 m/s"),
    ("5 hours", "5 min"),
    ("$5", "5 \u20ac"),
    ("five hundred boats", "5 boats"),
    ("two lines", "drei Leinen"),
]
DATES = ["%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%B %d, %Y", "%A, %d. %b %Y", "%Y/%m/%d", "the %dth of %B %Y"]
GROUPS = ["", ",", ".", "\u00a0", "\u202f", "'", " "]


@pytest.mark.parametrize(("statement", "passage"), SAME)
def test_the_same_stands_there_in_another_form(statement: str, passage: str) -> None:
    assert stand_in(statement, passage)


@pytest.mark.parametrize(("statement", "passage"), OTHER)
def test_another_one_does_not(statement: str, passage: str) -> None:
    assert not stand_in(statement, passage)


@given(st.dates(date(1500, 1, 1), date(2200, 1, 1)), st.randoms(use_true_random=False))
@seed(20_261_128)
@settings(deadline=None, max_examples=100)
def test_a_date_is_the_same_in_any_two_forms(day: date, chance: random.Random) -> None:
    one, other = (chance.choice(DATES) for _ in range(2))
    assert stand_in(day.strftime(one), day.strftime(other))
    assert not stand_in((day + timedelta(days=365 * 40)).strftime(one), day.strftime(other))


@given(st.integers(1000, 10**12), st.randoms(use_true_random=False))
@seed(20_261_128)
@settings(deadline=None, max_examples=100)
def test_a_number_is_the_same_however_its_digits_are_grouped(number: int, chance: random.Random) -> None:
    one, other, more = (f"{each:,} parts".replace(",", chance.choice(GROUPS)) for each in (number, number, number + 1))
    assert stand_in(one, other)
    assert not stand_in(one, more)


@given(st.text("0123456789.,' \u00a0-/: kMp", max_size=60), st.text(max_size=60))
@settings(deadline=None, max_examples=100)
def test_every_text_has_its_own_numbers(text: str, more: str) -> None:
    assert stand_in(text, f"{text}\n{more}")


def test_long_numbers_take_no_time() -> None:
    assert stand_in("1" * 20_000, "1" * 20_000)
    assert not stand_in("1 " * 20_000, "2 " * 20_000)
