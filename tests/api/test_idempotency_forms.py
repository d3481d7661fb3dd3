"""What a key is and what a request is, by themselves; and that two keys never mix."""

from __future__ import annotations

import hashlib
from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

import pytest

from ingress.api import idempotency
from ingress.api.answer import Answer
from ingress.api.errors import IdempotencyKeyInvalid, IdempotencyKeyReused
from ingress.api.idempotency import Slot, Stored
from tests.api.serving import KEY, Service, new_client

if TYPE_CHECKING:
    from ingress.api.operation import Operation
    from tests.ingress.serving import Door

OTHER_KEY = "0e03978e-40d5-43dd-bc93-6894a57f9325"
SLOT = Slot("shop", "POST", "/v1/payments", UUID(KEY), b"asked")
STORED = Stored(b"asked", 202, {"location": "/v1/payments/p1"}, b"{}")


def key_of(*values: bytes) -> UUID | None:
    return idempotency.key_of([(b"accept", b"*/*"), *((idempotency.HEADER, v) for v in values)])


def fingerprint(tree: object, path: str = "/v1/payments", **changes: Any) -> bytes:
    named = {"method": "POST", "path": "/v1/payments"} | changes
    return idempotency.fingerprint(cast("Operation", SimpleNamespace(**named)), path, [], tree)


def test_a_key_is_one_uuid_bare_or_quoted_with_blanks_around_it() -> None:
    assert key_of() is None
    for written in (KEY, f'"{KEY}"', f" {KEY}", f"{KEY}\t", f'\t "{KEY.upper()}" '):
        assert key_of(written.encode()) == UUID(KEY)


@pytest.mark.parametrize(
    "values",
    [
        [b""],
        [b" "],
        [KEY.encode() + b"0"],
        [KEY.encode() + b"X"],
        [b"X" + KEY.encode()],
        [b'"' + KEY.encode()],
        [KEY.encode() + b"\n"],
        [KEY.encode()[:-1]],
        [KEY.encode(), KEY.encode()],
        [KEY.encode(), b""],
    ],
)
def test_anything_else_and_two_of_them_are_refused(values: list[bytes]) -> None:
    with pytest.raises(IdempotencyKeyInvalid):
        key_of(*values)


def test_a_request_has_the_same_print_for_as_long_as_its_key_is_known() -> None:
    """Keys live for thirty days: another form would refuse every repeat after an upgrade."""
    tree = {"b": [1, Decimal("1.50")], "a": "é"}
    text = '["POST","/v1/payments","/v1/payments",[],{"a":"\\u00e9","b":[1,{"\\u0000":"1.50"}]}]'
    assert fingerprint(tree) == hashlib.sha256(text.encode()).digest()


def test_order_makes_no_other_request_and_everything_else_does() -> None:
    one = fingerprint({"a": 1, "b": 2})
    assert fingerprint({"b": 2, "a": 1}) == one
    others = [
        fingerprint({"a": 1, "b": 3}),
        fingerprint({"a": 1, "b": 2}, "/v1/payments/x"),
        fingerprint({"a": 1, "b": 2}, method="PUT"),
        fingerprint({"a": 1, "b": 2}, path="/v1/refunds"),
        fingerprint({"a": 1, "b": Decimal("2.0")}),
        fingerprint({"a": 1, "b": "2.0"}),
        fingerprint(None),
    ]
    assert len({one, *others}) == len(others) + 1
    with pytest.raises(TypeError, match="object"):
        fingerprint({"a": object()})


def test_what_is_kept_is_given_back_byte_for_byte_to_the_same_request_alone() -> None:
    again = idempotency.replay(STORED, b"asked")
    assert again == Answer(202, b"{}", "/v1/payments/p1", is_replay=True)
    without = idempotency.replay(STORED._replace(headers={}), b"asked")
    assert without == Answer(202, b"{}", None, is_replay=True)
    with pytest.raises(IdempotencyKeyReused):
        idempotency.replay(STORED, b"asked otherwise")


def test_nothing_is_given_where_there_is_no_key_or_nothing_is_kept() -> None:
    assert idempotency.given(None, STORED) is None
    assert idempotency.given(SLOT, None) is None
    assert idempotency.given(SLOT, STORED) == idempotency.replay(STORED, b"asked")


def test_what_is_left_in_a_slot_is_the_answer_and_the_request_it_was_to() -> None:
    answer = Answer(202, b"{}", "/v1/payments/p1", is_replay=False)
    assert idempotency.left(SLOT, answer) == STORED
    bare = Answer(200, b"[]", None, is_replay=False)
    assert idempotency.left(SLOT, bare) == Stored(b"asked", 200, {}, b"[]")
    assert idempotency.stored(STORED._asdict()) == STORED


def test_a_place_is_whose_key_it_is_and_of_which_kind_of_request() -> None:
    assert SLOT.place == ("shop", "POST", "/v1/payments", UUID(KEY))
    assert SLOT._replace(fingerprint=b"other").place == SLOT.place
    assert idempotency.KEPT_DAYS == 30


def test_each_of_two_keys_has_its_own_answer(shop: Service) -> None:
    first, second = shop.create(key=KEY), shop.create(key=OTHER_KEY)
    assert first.body != second.body
    assert shop.create(key=OTHER_KEY).body == second.body
    assert shop.create(key=KEY).body == first.body


def test_a_repeat_costs_nothing_however_often_it_comes(door: Door) -> None:
    key = new_client(door.database_url, "twice", initialize="2/day")
    twice = Service(door, "twice", key)
    first = twice.create(key=KEY)
    assert {twice.create(key=KEY).body for _ in range(5)} == {first.body}
    assert [twice.create().status for _ in range(2)] == [202, 429]
    again = twice.create(key=KEY)
    assert (again.status, again.body) == (202, first.body)
    assert twice.create(key=OTHER_KEY).status == 429
