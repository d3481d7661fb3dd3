"""Facts: what they are called, which of several statuses counts, and that money has an amount."""

from __future__ import annotations

import pytest

from domain.errors import PayloadInvalid
from domain.facts import OBJECT_ID_LENGTH_MAX, STATUS_RANK, Fact, FactKind, FactStatus
from domain.money import Money


def test_the_words_that_facts_are_kept_under_stay_as_they_are() -> None:
    kinds = "initialized succeeded failed refund refund_total dispute fee unheard"
    statuses = "known pending succeeded failed opened won lost"
    assert [str(kind) for kind in FactKind] == kinds.split()
    assert [str(status) for status in FactStatus] == statuses.split()
    assert OBJECT_ID_LENGTH_MAX == 200


def test_what_has_failed_counts_more_than_an_end_and_an_end_more_than_a_beginning() -> None:
    first = {status for status, rank in STATUS_RANK.items() if rank == 0}
    second = {status for status, rank in STATUS_RANK.items() if rank == 1}
    assert first == {FactStatus.KNOWN, FactStatus.PENDING, FactStatus.OPENED}
    assert second == {FactStatus.SUCCEEDED, FactStatus.WON, FactStatus.LOST}
    assert STATUS_RANK[FactStatus.FAILED] > 1
    assert STATUS_RANK.keys() == set(FactStatus)


@pytest.mark.parametrize("kind", FactKind)
def test_a_claim_about_money_names_an_amount(kind: FactKind) -> None:
    if kind in (FactKind.INITIALIZED, FactKind.FAILED, FactKind.UNHEARD):
        assert Fact(kind, "x", FactStatus.KNOWN).amount is None
    else:
        with pytest.raises(PayloadInvalid):
            Fact(kind, "x", FactStatus.KNOWN)


def test_a_fact_is_the_same_by_all_that_it_claims_and_not_by_when() -> None:
    fact = Fact(FactKind.REFUND, "R1", FactStatus.PENDING, Money("NGN", 5), "T1", at_s=7)
    key = (FactKind.REFUND, "R1", FactStatus.PENDING, Money("NGN", 5), "T1")
    assert fact.key == key
