"""Each currency has its own limit, and only what is above it needs a second person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import money_limit
from domain.money import AMOUNT_MINOR_MAX, EXPONENTS
from domain.money_limit import DEFAULT_MINOR, UNBOUNDED, Excess, MoneyLimit

AMOUNT = st.integers(0, AMOUNT_MINOR_MAX)
CURRENCY = st.sampled_from(sorted(EXPONENTS))


@given(AMOUNT, CURRENCY)
def test_the_limit_itself_is_within_it_and_one_more_is_not(limit_minor: int, currency: str) -> None:
    limit = money_limit.parse(str(limit_minor))

    assert not limit.exceeds({currency: limit_minor})
    assert limit.exceeds({currency: limit_minor + 1})
    assert limit.exceeds({currency: -limit_minor - 1})


@given(st.dictionaries(CURRENCY, AMOUNT), AMOUNT)
def test_what_is_written_is_what_is_read(named: dict[str, int], others_minor: int) -> None:
    parts = [f"{currency}={minor}" for currency, minor in named.items()]

    limit = money_limit.parse(", ".join([*parts, str(others_minor)]))

    assert limit == MoneyLimit(others_minor, named)
    assert all(limit.limit_minor(currency) == minor for currency, minor in named.items())


def test_each_currency_is_held_against_its_own_limit() -> None:
    limit = money_limit.parse("NGN=500,USD=100,50")

    assert not limit.exceeds({"NGN": 500, "USD": 100, "EUR": 50})
    assert limit.exceeds({"NGN": 500, "USD": 101})
    assert limit.exceeds({"EUR": 51})
    assert not limit.exceeds({})


def test_currencies_that_nobody_named_have_the_default() -> None:
    assert money_limit.parse("NGN=1").limit_minor("USD") == DEFAULT_MINOR
    assert money_limit.parse(str(DEFAULT_MINOR)) == MoneyLimit()


@pytest.mark.parametrize(
    "text",
    [
        *("", ",", "1,", "-1", "1.5", "1_000", "٣", "NGN", "NGN=", "NGN=-1", "ngn=5", "XYZ=5"),
        *("1,2", "NGN=1,NGN=2", "NGN=1=2", "5 5", str(AMOUNT_MINOR_MAX + 1), "9" * 5_000),
    ],
)
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"expected|no currency|two limits"):
        money_limit.parse(text)


def test_what_was_moved_sooner_is_added_in_the_same_currency_only() -> None:
    limit = money_limit.parse("NGN=500,USD=100,50")

    assert limit.excess({"NGN": 200}, {"NGN": 300, "USD": 1_000}) is None
    assert limit.excess({"NGN": -200}, {"NGN": 301}) == Excess("NGN", 200, 301, 500)
    assert limit.excess({"NGN": 0}, {"NGN": 9_999}) is None
    assert UNBOUNDED.excess({"NGN": 10**15}, {"NGN": 10**15}) is None
