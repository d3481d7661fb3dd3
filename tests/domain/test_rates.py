"""Rates, as people write them."""

from __future__ import annotations

import pytest

from domain.rates import REQUESTS_MAX, Rate, parse


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("5/minute", Rate(5, 60)),
        ("1000/second", Rate(1_000, 1)),
        ("1/hour", Rate(1, 3_600)),
        ("100000/day", Rate(100_000, 86_400)),
    ],
)
def test_a_rate_is_so_many_in_a_period(text: str, rate: Rate) -> None:
    assert parse(text) == rate


@pytest.mark.parametrize(
    "text",
    [
        "",
        "5",
        "0/minute",
        "05/minute",
        "-5/minute",
        "5 /minute",
        "5/minutes",
        "5/week",
        "5/minute ",
        "x5/minute",
        "100001/second",
        "1000000/second",
        "\u0665/minute",
    ],
)
def test_anything_else_is_refused_with_an_example(text: str) -> None:
    assert REQUESTS_MAX == 100_000
    with pytest.raises(ValueError, match="5/minute, per second, minute, hour, day, up to 100000"):
        parse(text)
