from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import AmountInvalid, CurrencyUnknown
from domain.money import AMOUNT_MINOR_MAX, EXPONENTS, Money, from_major

CURRENCIES = st.sampled_from(sorted(EXPONENTS))
AMOUNTS = st.integers(0, AMOUNT_MINOR_MAX)


@pytest.mark.parametrize("amount_minor", [0, 1, 125_000, AMOUNT_MINOR_MAX])
def test_an_amount_is_a_whole_number_of_minor_units(amount_minor: int) -> None:
    assert Money("NGN", amount_minor).amount_minor == amount_minor


@pytest.mark.parametrize(
    "amount_minor",
    [-1, AMOUNT_MINOR_MAX + 1, 2**63, 1.0, "1", True, None, 10**5000],
    ids=lambda amount: type(amount).__name__,
)
def test_anything_else_is_no_amount(amount_minor: object) -> None:
    with pytest.raises(AmountInvalid):
        Money("NGN", amount_minor)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "currency",
    [
        *("ngn", "Ngn", " NGN", "NGN ", "NGN\n", "NG", "NGNN", "", "USDT", "XTS", "XXX", "XAU"),
        *("CLF", "MRO", "\uff2e\uff27\uff2e", "\u0405GD"),
    ],
)
def test_a_currency_is_an_active_code_to_the_letter(currency: str) -> None:
    with pytest.raises(CurrencyUnknown):
        Money(currency, 1)
    with pytest.raises(CurrencyUnknown):
        from_major("1", currency)


@given(st.lists(AMOUNTS, min_size=2, max_size=2))
def test_the_sum_of_any_two_amounts_fits_a_bigint(amounts: list[int]) -> None:
    assert sum(amounts) < 2**63


@pytest.mark.parametrize(
    ("currency", "exponent"),
    [
        *(("JPY", 0), ("KRW", 0), ("UGX", 0), ("ISK", 0), ("XAF", 0), ("XOF", 0)),
        *(("NGN", 2), ("USD", 2), ("HUF", 2), ("MGA", 2), ("MRU", 2)),
        *(("KWD", 3), ("BHD", 3), ("JOD", 3), ("OMR", 3), ("TND", 3)),
    ],
)
def test_a_currency_has_the_decimals_of_iso_4217(currency: str, exponent: int) -> None:
    assert EXPONENTS[currency] == exponent


@pytest.mark.parametrize(
    ("amount", "currency", "amount_minor"),
    [
        ("12.50", "NGN", 1250),
        ("12.5", "NGN", 1250),
        ("19.99", "USD", 1999),
        ("0", "USD", 0),
        ("100", "JPY", 100),
        ("100.000", "JPY", 100),
        ("5.124", "KWD", 5124),
        ("00012.50", "NGN", 1250),
    ],
)
def test_major_units_are_converted_exactly(amount: str, currency: str, amount_minor: int) -> None:
    assert from_major(amount, currency) == Money(currency, amount_minor)


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        *(("12.505", "NGN"), ("100.5", "JPY"), ("5.1245", "KWD"), ("-1", "NGN"), ("-0.01", "NGN")),
        *(("", "NGN"), ("one", "NGN"), ("1,5", "NGN"), ("NaN", "NGN"), ("Infinity", "NGN")),
        *(
            ("1e99", "NGN"),
            ("46116860184273879.05", "USD"),
            ("1e3", "NGN"),
            ("1e999999", "NGN"),
            ("1" * 40, "NGN"),
        ),
    ],
)
def test_major_units_that_are_no_amount_are_refused(amount: str, currency: str) -> None:
    with pytest.raises(AmountInvalid):
        from_major(amount, currency)


@pytest.mark.parametrize(
    "amount", ["1_000", " 1", "1 ", "+1", "\uff11", "\u0661", "1.", ".5", "1e2"]
)
def test_only_plain_decimal_digits_are_a_number(amount: str) -> None:
    with pytest.raises(AmountInvalid):
        from_major(amount, "NGN")


def test_a_fraction_too_fine_for_any_computation_is_not_lost() -> None:
    with pytest.raises(AmountInvalid):
        from_major("0.10000000000000000000000000001", "NGN")


@given(AMOUNTS, CURRENCIES)
def test_every_amount_survives_being_written_in_major_units(
    amount_minor: int, currency: str
) -> None:
    exponent = EXPONENTS[currency]
    digits = str(amount_minor).rjust(exponent + 1, "0")
    whole, fraction = (digits[:-exponent], digits[-exponent:]) if exponent else (digits, "0")

    assert from_major(f"{whole}.{fraction}", currency) == Money(currency, amount_minor)


def test_amounts_of_one_currency_are_ordered() -> None:
    assert max(Money("NGN", 2), Money("NGN", 10)) == Money("NGN", 10)
