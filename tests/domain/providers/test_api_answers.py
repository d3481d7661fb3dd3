"""Any bytes as an answer end in something told or in one of the five errors of a call."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.asking import Page, Told
from domain.errors import OutcomeUnknown, ProviderAway, ProviderRefused
from domain.providers import (
    paystack_api,
    paystack_list,
    paystack_refunds,
    stripe_api,
    stripe_refunds,
    stripe_telling,
)
from domain.providers.api import ApiAnswer
from tests.clients import objects

if TYPE_CHECKING:
    from collections.abc import Callable

ERRORS = (ProviderAway, OutcomeUnknown, ProviderRefused)


def _stripe_told(answer: ApiAnswer) -> Told:
    return stripe_telling.tell([stripe_api.read_object(answer, objects.STRIPE_ASKING)[0]])


def _paystack_refunds_told(answer: ApiAnswer) -> object:
    page = paystack_refunds.read_refunds(answer, "302961")
    return paystack_refunds.tell_refunds(page.refunds, "302961")


READERS: dict[str, tuple[Callable[[ApiAnswer], object], Any]] = {
    "paystack initialize": (
        lambda answer: paystack_api.read_initialized(answer, objects.ASKING),
        objects.initialized(),
    ),
    "paystack verify": (
        lambda answer: paystack_api.read_verified(answer, objects.ASKING),
        objects.verified(),
    ),
    "paystack refund": (
        lambda answer: paystack_refunds.read_refunded(answer, objects.REFUND),
        {"status": True, "data": objects.refund()},
    ),
    "paystack refunds": (_paystack_refunds_told, objects.refunds(objects.refund())),
    "paystack page": (
        lambda answer: paystack_list.read_transactions(answer, page=1),
        {"status": True, "data": [objects.transaction()], "meta": {"pageCount": 1}},
    ),
    "stripe initialize": (
        lambda answer: stripe_api.read_initialized(answer, objects.STRIPE_ASKING),
        objects.session(),
    ),
    "stripe session": (_stripe_told, objects.paid_session()),
    "stripe intent": (_stripe_told, objects.intent()),
    "stripe search": (
        lambda answer: stripe_api.read_found(answer, objects.STRIPE_ASKING),
        objects.listed(objects.intent()),
    ),
    "stripe refund": (
        lambda answer: stripe_refunds.read_refunded(answer, objects.STRIPE_REFUND),
        objects.stripe_refund(),
    ),
    "stripe refunds": (
        lambda answer: stripe_refunds.read_refunds(answer, "pi_1"),
        objects.listed(objects.stripe_refund(), has_more=True),
    ),
    "stripe page": (
        stripe_refunds.read_payments,
        objects.listed(objects.intent(latest_charge={"amount_refunded": 5}), has_more=True),
    ),
}
each_reader = pytest.mark.parametrize("reader", READERS)

STATUSES = st.sampled_from([200, 201, 204, 301, 400, 401, 402, 404, 409, 422, 429, 500, 503])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["success", "succeeded", "expired", "complete", "processed", "XXX", "ngn", "9999-99-99"]
    )
)
VALUES = LEAVES | st.lists(LEAVES, max_size=2) | st.dictionaries(st.text(max_size=4), LEAVES)


def _places(tree: Any) -> list[tuple[Any, Any]]:
    """Return every (container, key) of a tree."""
    keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
    found = [(tree, key) for key in keys]
    for key in keys:
        if isinstance(tree[key], dict | list):
            found += _places(tree[key])
    return found


@st.composite
def nearly(draw: st.DrawFn, tree: Any) -> bytes:
    """A documented answer in which up to three things are otherwise or missing."""
    changed = json.loads(json.dumps(tree))
    for _ in range(draw(st.integers(1, 3))):
        places = _places(changed)
        if not places:
            break
        container, key = draw(st.sampled_from(places))
        if isinstance(container, dict) and draw(st.booleans()):
            del container[key]
        else:
            container[key] = draw(VALUES)
    return json.dumps(changed).encode()


@each_reader
def test_the_documented_answer_is_understood(reader: str) -> None:
    read, tree = READERS[reader]

    assert read(ApiAnswer(200, json.dumps(tree).encode()))


@each_reader
@settings(max_examples=150, deadline=None)
@given(data=st.data(), status=STATUSES)
def test_any_answer_is_understood_or_one_of_the_errors(
    reader: str, data: st.DataObject, status: int
) -> None:
    read, tree = READERS[reader]
    body = data.draw(st.binary(max_size=100) | VALUES.map(_dumped) | nearly(tree))

    with suppress(*ERRORS):
        read(ApiAnswer(status, body))


@each_reader
@settings(max_examples=50, deadline=None)
@given(body=st.binary(max_size=200), status=STATUSES)
def test_bytes_that_are_not_the_providers_prove_no_effect_and_no_success(
    reader: str, body: bytes, status: int
) -> None:
    read, _ = READERS[reader]
    with pytest.raises(ERRORS) as caught:
        read(ApiAnswer(status, body))

    if not isinstance(caught.value, OutcomeUnknown):
        assert status in (401, 429)


def _dumped(value: object) -> bytes:
    return json.dumps(value).encode()


def test_what_is_told_has_its_type() -> None:
    for reader, kind in (
        ("paystack verify", Told),
        ("stripe session", Told),
        ("stripe page", Page),
    ):
        read, tree = READERS[reader]
        assert isinstance(read(ApiAnswer(200, json.dumps(tree).encode())), kind)
