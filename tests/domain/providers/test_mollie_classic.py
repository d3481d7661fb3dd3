from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.delivery import Delivery, Hearsay, Hint, ProviderEvent, Secret
from domain.errors import PayloadInvalid, SignatureInvalid
from domain.providers import forms
from domain.providers.mollie_classic import MollieClassic

if TYPE_CHECKING:
    from domain.delivery import KeyedEvent

NOW_S = 1_735_689_600
SECRET = b"test-only-not-a-real-path-of-ours-0001"
URL = "https://payratchet.example/webhooks/mollie-classic/" + SECRET.decode()
VECTOR = b"id=tr_test0001"


def keyed(body: bytes = VECTOR, *, at_s: int = NOW_S, url: str = URL) -> KeyedEvent:
    return MollieClassic().verify(Delivery([], body, at_s, url), [Secret("1", SECRET)]).events[0]


def test_a_call_names_a_payment_and_says_nothing_of_it() -> None:
    assert MollieClassic().parse(VECTOR, "any") == Hearsay("tr", None, Hint("tr_test0001"))
    assert keyed().reference is None


def test_the_call_of_a_later_change_is_no_duplicate_of_the_first_one() -> None:
    assert keyed(at_s=NOW_S).key == "11:tr_test000110:1735689600"
    assert keyed(at_s=NOW_S + 1).key != keyed(at_s=NOW_S).key
    assert keyed(b"id=tr_test0002").key != keyed().key


def test_calls_of_one_second_are_one_question() -> None:
    assert keyed() == keyed()


def test_only_the_end_of_the_path_lets_a_call_in() -> None:
    assert keyed(url=URL + "?testmode=true").readable
    for url in ("", URL[:-1], URL + "x", URL + "/", URL.upper(), URL + "/..", "?" + URL):
        with pytest.raises(SignatureInvalid):
            keyed(url=url)


@pytest.mark.parametrize("body", [b"id=tr_1&x=1", b"x=%C3%A9+y&id=tr_1", b"id=tr%5F1"])
def test_other_fields_are_not_read(body: bytes) -> None:
    assert MollieClassic().parse(body, "any") == Hearsay("tr", None, Hint("tr_1"))


@pytest.mark.parametrize(("body", "type_"), [(b"id=ord_1", "ord"), (b"id=re_1", "re")])
def test_whatever_else_may_touch_a_payment_is_asked_about(body: bytes, type_: str) -> None:
    told = MollieClassic().parse(body, "any")

    assert told == Hearsay(type_, None, Hint(body.removeprefix(b"id=").decode()))


def test_nobody_is_asked_about_a_subscription() -> None:
    assert MollieClassic().parse(b"id=sub_1", "any") == ProviderEvent("sub", None)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"id", b"id=", b"tr_1", b"ID=tr_1", b"id=tr_1&id=tr_2", b"id=tr_1&", b"&id=tr_1"),
        *(b"id=tr_1/../x", b"id=tr_1%0A", b"id=tr_%00", b"id=tr_%C3%A9", b"id=7", b"id=tr_1&a"),
        *(b'{"id":"tr_1"}', b"id=tr_" + b"1" * 65, b"id=tr_1&%69d=tr_2", b"id =tr_1"),
    ],
)
def test_a_call_without_one_id_of_mollies_is_kept_as_unreadable(body: bytes) -> None:
    assert keyed(body).readable is False
    with pytest.raises(PayloadInvalid):
        MollieClassic().parse(body, "any")


@pytest.mark.parametrize(
    "form",
    [b"a=%", b"a=%4", b"a=%4g", b"a=%4a", b"a=%FF", b"a=\n", b"a= b", b"a=\xc3\xa9", b"a=\0",
     b"&".join(b"n%d=1" % n for n in range(forms.FIELDS_MAX + 1))],
)  # fmt: skip
def test_a_form_is_read_as_it_is_written_by_the_standard(form: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        forms.parse(form)


def test_a_form_is_unescaped_once() -> None:
    assert forms.parse(b"a=%2541+b&c=&d=1=2%26") == {"a": "%41 b", "c": "", "d": "1=2&"}
