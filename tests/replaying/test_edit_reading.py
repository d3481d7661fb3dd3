"""Edits of an event that came with others in one delivery."""

from __future__ import annotations

import json
from typing import Any

import pytest

from domain.editing import EditRefused
from workers.replaying.edit_reading import Given, Read, read

KEY = "13:AUTHORISATION4:psp14:true"


def item(psp_reference: str, value: int) -> dict[str, Any]:
    told = {
        "eventCode": "AUTHORISATION",
        "pspReference": psp_reference,
        "merchantReference": "ORD-1",
        "success": "true",
        "amount": {"value": value, "currency": "EUR"},
    }
    return {"NotificationRequestItem": told}


def body(*items: dict[str, Any]) -> bytes:
    return json.dumps({"live": "false", "notificationItems": items}).encode()


def edited(before: bytes, after: bytes) -> Read:
    return read(Given("adyen", "default", before, after, KEY, "edit:1:0"))


def test_an_event_of_a_delivery_with_others_is_edited_and_weighed_as_it_came_too() -> None:
    found = edited(body(item("psp1", 900), item("psp2", 5_000)), body(item("psp1", 100)))

    assert found.reference == "ORD-1"
    assert found.claims_minor == {"EUR": 900}


def test_money_that_an_edit_takes_from_its_transaction_is_left_under_the_old_name() -> None:
    found = edited(body(item("psp1", 900)), body(item("psp9", 900)))

    assert len(found.stems_left) == 1
    assert "psp1" in found.stems_left[0]


def test_an_edited_body_with_a_second_event_is_refused() -> None:
    with pytest.raises(EditRefused, match="leave only it"):
        edited(body(item("psp1", 900)), body(item("psp1", 100), item("psp2", 100)))
