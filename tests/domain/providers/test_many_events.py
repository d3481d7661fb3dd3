"""Deliveries of several events: what is kept with each of them, and how it is read again."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from domain.errors import PayloadInvalid
from domain.providers.raw_member import raw_elements
from tests.conformance.senders.gocardless import SENDER

if TYPE_CHECKING:
    from domain.delivery import KeyedEvent

LINE = (
    '{"id":"EV%d","resource_type":"payments", "action":"confirmed","price":12.50,"x":"\u00e9 %%]"}'
)


def batch(*lines: str) -> bytes:
    return ('{ "meta": {"n": 1},\n "events": [' + " ,\n".join(lines) + " ] }").encode()


def events_of(body: bytes) -> tuple[KeyedEvent, ...]:
    return SENDER.verify(SENDER.request(body)).events


def test_the_first_event_is_kept_with_the_whole_body_and_each_other_with_itself_as_sent() -> None:
    lines = [LINE % number for number in (1, 2, 3)]

    found = [(event.key, event.body) for event in events_of(batch(*lines))]

    assert found == [
        ("EV1", None),
        ("EV2", f'{{"events":[{lines[1]}]}}'.encode()),
        ("EV3", f'{{"events":[{lines[2]}]}}'.encode()),
    ]


def test_what_is_kept_with_an_event_says_what_the_whole_body_says_of_it() -> None:
    body = batch(*(LINE % number for number in (1, 2, 3)))

    for event in events_of(body)[1:]:
        assert event.body is not None
        kept = SENDER.provider.parse(event.body, event.key)
        assert kept == SENDER.provider.parse(body, event.key)


def test_of_two_events_under_one_key_both_are_kept_so_that_neither_is_believed() -> None:
    other = (LINE % 2).replace("confirmed", "failed")

    _, event = events_of(batch(LINE % 1, LINE % 2, other))

    assert event.body is not None
    assert event.body.count(b"EV2") == 2
    with pytest.raises(PayloadInvalid, match="2 events"):
        SENDER.provider.parse(event.body, "EV2")


def test_a_body_whose_list_is_there_twice_is_kept_as_one_that_cannot_be_read() -> None:
    twice = batch(LINE % 1, LINE % 2).replace(b'"meta"', b'"\\u0065vents"')

    (event,) = events_of(twice)

    assert not event.readable


@pytest.mark.parametrize("count", [1, 2])
def test_a_person_leaves_the_one_event_that_an_edited_body_is_about(count: int) -> None:
    body = batch(*(LINE % number for number in range(count)))

    if count == 1:
        assert SENDER.provider.parse(body, "edit:7:0") == SENDER.provider.parse(body, "EV0")
    else:
        with pytest.raises(PayloadInvalid, match="2 events are in an edited body"):
            SENDER.provider.parse(body, "edit:7:0")


def test_no_event_can_have_a_key_that_an_edit_has() -> None:
    (event,) = events_of(batch((LINE % 1).replace("EV1", "edit:7:0")))

    assert (event.readable, event.key[:5]) == (False, "body:")


@pytest.mark.parametrize("text", ["[]", "[ ]", "[1]", '[1 , "a,]" ,{"b":[2, 3]}]', "[ [] ,[[]] ]"])
def test_elements_are_the_bytes_between_the_commas(text: str) -> None:
    found = raw_elements(f'{{"list":{text}}}'.encode(), "list")

    without_blanks = re.sub(r"\s", "", b",".join(found).decode())
    assert re.sub(r"\s", "", text) == f"[{without_blanks}]"
    assert all(each == each.strip() for each in found)


@pytest.mark.parametrize("text", ["{}", "1", '"[1]"', "null", "[1,]", "[1", "[1 2]"])
def test_what_is_no_list_has_no_elements(text: str) -> None:
    with pytest.raises(PayloadInvalid):
        raw_elements(f'{{"list":{text}}}'.encode(), "list")
