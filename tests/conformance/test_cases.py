"""The table of exceptions is about cases and senders that are there."""

from __future__ import annotations

from tests.conformance import test_negative_bodies, test_negative_cases, test_senders
from tests.conformance.cases import NOT_HERE
from tests.conformance.senders import SENDERS


def test_the_table_of_exceptions_names_cases_and_senders_that_are_there() -> None:
    cases = vars(test_negative_cases) | vars(test_negative_bodies) | vars(test_senders)
    known = {sender.name for sender in SENDERS}
    assert {case for case, _ in NOT_HERE} <= set(cases)
    assert {name for _, name in NOT_HERE} <= known
    assert all(NOT_HERE.values())
