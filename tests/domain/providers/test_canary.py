"""The canary can say nothing, whatever it is made to say, and is heard only when it is signed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.delivery import Delivery, ProviderEvent, Secret
from domain.errors import SignatureExpired, SignatureInvalid, SignatureMissing
from domain.providers import PROVIDERS
from domain.providers.canary import CANARY, Canary, secret_of, signed_headers

AT_S = 1_700_000_000
SECRET = secret_of("a pepper of forty characters, or nearly so")


def delivery(body: bytes, *, late_s: int = 0, secret: str = SECRET) -> Delivery:
    headers = signed_headers("canary-1", body, at_s=AT_S, secret=secret)
    given_ = [(name.encode(), value.encode()) for name, value in headers]
    return Delivery(given_, body, AT_S + late_s)


@given(st.binary(max_size=300), st.text(max_size=50))
def test_no_body_says_anything(body: bytes, key: str) -> None:
    assert Canary().parse(body, key) == ProviderEvent(CANARY, None)


@given(st.binary(max_size=300))
def test_every_body_is_verified_when_it_is_signed_and_names_nobody(body: bytes) -> None:
    verified = Canary().verify(delivery(body), [Secret("k", SECRET.encode())])
    assert verified.key_id == "k"
    assert [event.reference for event in verified.events] == [None]


def test_it_is_signed_in_time_with_its_own_secret_or_not_heard() -> None:
    known = [Secret("k", SECRET.encode())]
    with pytest.raises(SignatureInvalid):
        Canary().verify(delivery(b"{}", secret=secret_of("another")), known)
    with pytest.raises(SignatureExpired):
        Canary().verify(delivery(b"{}", late_s=301), known)
    with pytest.raises(SignatureMissing):
        Canary().verify(Delivery([], b"{}", AT_S), known)


def test_no_payment_can_be_at_it() -> None:
    assert CANARY not in PROVIDERS
