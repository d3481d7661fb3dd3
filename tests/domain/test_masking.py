"""Masked bodies: their shape, and nothing of what they say of people."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.masking import DEPTH_MAX, MASK, SHOWN, masked, masked_differences

SECRET = "s3cr3t"

keys = st.sampled_from([*sorted(SHOWN), "email", "name", "first_name", "metadata", "x", "a b", ""])
secrets = st.sampled_from(
    [f"{SECRET}@example.com", f"Ada {SECRET}", f"{SECRET}\n", f"{SECRET} {SECRET}", f"é{SECRET}"]
)
trees = st.recursive(
    secrets | st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=20,
)


def leaves(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [leaf for member in value.values() for leaf in leaves(member)]
    if isinstance(value, list):
        return [leaf for member in value for leaf in leaves(member)]
    return [value]


@given(trees)
def test_no_sentence_and_no_address_survives_under_any_key(tree: Any) -> None:
    assert SECRET not in json.dumps(masked(json.dumps(tree).encode()))


@given(st.dictionaries(st.text().filter(lambda key: key not in SHOWN), trees, max_size=5))
def test_no_value_outside_of_the_list_survives(tree: dict[str, Any]) -> None:
    flat = {key: value for key, value in tree.items() if not isinstance(value, (dict, list))}

    assert set(leaves(masked(json.dumps(flat).encode()))) <= {MASK, None}


@given(st.text(), trees)
def test_names_that_are_no_names_of_fields_are_masked_too(name: str, value: Any) -> None:
    shown = json.dumps(masked(json.dumps({f"{SECRET} {name}": value}).encode()))

    assert SECRET not in shown


def test_what_tells_one_payment_from_another_is_shown() -> None:
    body = {
        "event": "charge.success",
        "data": {
            "id": 12,
            "reference": "ORD-1",
            "amount": 125000,
            "currency": "NGN",
            "status": "success",
            "customer": {"email": "ada@example.com", "id": 84312, "phone": "0803"},
            "authorization": {"last4": "4081", "reusable": True},
            "log": ["paid", {"id": "a"}],
            "note": None,
        },
    }

    assert masked(json.dumps(body).encode()) == {
        "event": "charge.success",
        "data": {
            "id": 12,
            "reference": "ORD-1",
            "amount": 125000,
            "currency": "NGN",
            "status": "success",
            "customer": {"email": MASK, "id": 84312, "phone": MASK},
            "authorization": {"last4": MASK, "reusable": MASK},
            "log": [MASK, {"id": "a"}],
            "note": None,
        },
    }


def test_an_amount_of_major_units_is_shown_as_it_was_written() -> None:
    assert masked(b'{"amount":10.10,"fees":1e3}') == {"amount": "10.10", "fees": "1e3"}


def test_what_is_no_json_has_no_shape_to_show() -> None:
    for body in (b"", b"ada@example.com", b"\xff", b"[" * 100_000, b'{"a":', b"a=1&b=2"):
        assert masked(body) is None


def test_a_body_that_is_deep_is_shown_to_a_limit() -> None:
    deep = masked(b'{"a":' * (DEPTH_MAX + 9) + b"1" + b"}" * (DEPTH_MAX + 9))

    assert json.dumps(deep).count("a") == DEPTH_MAX


def test_a_difference_shows_what_a_body_shows_and_no_more() -> None:
    differences: list[dict[str, str | None]] = [
        {"pointer": "/data/reference", "before": '"p1x"', "after": '"p1"'},
        {"pointer": "/data/amount", "before": "12.50", "after": None},
        {"pointer": "/data/name", "before": '"ada"', "after": '"eve"'},
        {"pointer": "/data/ada@example.com", "before": None, "after": '"x"'},
        {"pointer": "/data/customer", "before": '{"id":"C1","email":"a@b.c"}', "after": "not JSON"},
        {"pointer": "/data/reference", "before": '"two words"', "after": "null"},
        {"pointer": "", "before": None, "after": None},
    ]

    assert [tuple(each.values()) for each in masked_differences(differences)] == [
        ("/data/reference", '"p1x"', '"p1"'),
        ("/data/amount", '"12.50"', None),
        ("/data/name", '"***"', '"***"'),
        ("/data/***", None, '"***"'),
        ("/data/customer", '{"id": "C1", "email": "***"}', "***"),
        ("/data/reference", '"***"', "null"),
        ("", None, None),
    ]
