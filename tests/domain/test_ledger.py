"""The names that entries are kept under, and what turns one net into another."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain import ledger
from domain.ledger import Leg, difference, legs_of

NETS = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from(["NGN", "USD"])),
    st.integers(-5, 5),
)


def test_accounts_are_called_as_the_books_call_them() -> None:
    """Entries of years are kept under these names: another name is another account."""
    assert ledger.provider_clearing("stripe") == "provider_clearing:stripe"
    assert ledger.fees("stripe") == "fees:stripe"
    assert ledger.customer_credit("ada") == "customer_credit:ada"
    assert ledger.CUSTOMER_PREFIX == "customer_credit:"
    assert ledger.SUSPENSE == "suspense"
    assert ledger.SMS_REVENUE == "sms_revenue"
    assert ledger.CHARGEBACK_LOSS == "chargeback_loss"
    assert ledger.REFUNDS_HELD == "refunds_held"


def test_what_is_level_has_no_leg() -> None:
    net = {("a", "NGN"): 5, ("b", "NGN"): 0, ("c", "USD"): -5}
    assert legs_of(net) == (Leg("a", 5, "NGN"), Leg("c", -5, "USD"))


@given(NETS, NETS)
def test_the_difference_turns_one_net_into_the_other(
    before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]
) -> None:
    posted = difference(before, after)

    assert posted.keys() == before.keys() | after.keys()
    for key, amount_minor in posted.items():
        assert before.get(key, 0) + amount_minor == after.get(key, 0)
