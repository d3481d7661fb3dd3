"""Providers that ask more of an endpoint than a signature over HTTP: paths, answers, handshakes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from domain.providers import PROVIDERS
from ingress import accounts
from ingress.errors import StartRefused
from tests.conformance.sender import Sale
from tests.conformance.senders import SENDERS
from tests.ingress.serving import SECRET, Answer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conformance.sender import Sender
    from tests.ingress.serving import Door

BY_NAME: dict[str, Sender] = {each.name: each for each in SENDERS}
MPESA, ADYEN, BRAINTREE = (BY_NAME[name] for name in ("mpesa-daraja", "adyen", "braintree"))
TOKEN = MPESA.secret.decode()
OTHER_TOKEN = "another-path-that-nobody-can-guess-1"
ENVIRONMENT = {
    "PAYSTACK_SECRET_KEY": SECRET,
    "MPESA_DARAJA_WEBHOOK_SECRET": TOKEN,
    "MPESA_DARAJA_UNSIGNED": "enabled",
    "MPESA_DARAJA__KISUMU_WEBHOOK_SECRET": OTHER_TOKEN,
    "MPESA_DARAJA__KISUMU_UNSIGNED": "enabled",
    "ADYEN_WEBHOOK_SECRET": ADYEN.secret.decode(),
    "BRAINTREE_WEBHOOK_SECRET": BRAINTREE.secret.decode(),
    "BRAINTREE_PUBLIC_KEY": BRAINTREE.settings["PUBLIC_KEY"],
}


@pytest.fixture
def door(database_url: str, redis_url: str) -> Iterator[Door]:
    with serving(database_url, redis_url, environment=ENVIRONMENT) as door:
        yield door


def _post(door: Door, sender: Sender, path: str, number: int = 1) -> Answer:
    request = sender.request(sender.payload(Sale(currency=sender.currency, number=number)))
    headers = [(name.decode(), value.decode("latin-1")) for name, value in request.headers]
    return door.post(request.body, path=path, headers=headers)


@pytest.mark.parametrize(
    "path",
    [
        f"/webhooks/mpesa-daraja/{TOKEN}",
        f"/webhooks/mpesa-daraja/default/{TOKEN}",
        f"/webhooks/mpesa-daraja/kisumu/{OTHER_TOKEN}",
        f"/webhooks/daraja/{TOKEN}",
        f"/webhooks/daraja/kisumu/{OTHER_TOKEN}",
    ],
)
def test_who_signs_nothing_is_let_in_by_the_end_of_the_path(door: Door, path: str) -> None:
    answer = _post(door, MPESA, path)
    assert (answer.status, answer.json) == (200, {"ResultCode": 0, "ResultDesc": "Accepted"})
    assert door.count("inbound_events") == 1


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/webhooks/mpesa-daraja", 404),
        ("/webhooks/mpesa-daraja/default", 404),
        ("/webhooks/mpesa-daraja/kisumu", 404),
        (f"/webhooks/mpesa-daraja/{OTHER_TOKEN}", 401),
        (f"/webhooks/mpesa-daraja/kisumu/{TOKEN}", 401),
        (f"/webhooks/mpesa-daraja/{TOKEN[:-1]}", 401),
        (f"/webhooks/mpesa-daraja/nairobi/{TOKEN}", 404),
        (f"/webhooks/paystack/default/{TOKEN}", 404),
        (f"/webhooks/paystack/{TOKEN}", 404),
    ],
)
def test_no_other_path_lets_anybody_in(door: Door, path: str, status: int) -> None:
    assert _post(door, MPESA, path).status == status
    assert door.count("inbound_events") == 0


def test_a_source_without_signatures_must_be_wanted() -> None:
    wanted = {name: text for name, text in ENVIRONMENT.items() if name != "MPESA_DARAJA_UNSIGNED"}
    with pytest.raises(StartRefused, match="MPESA_DARAJA_UNSIGNED=enabled"):
        accounts.read(wanted, PROVIDERS)


def test_a_setting_that_an_account_needs_must_be_there() -> None:
    wanted = {name: text for name, text in ENVIRONMENT.items() if name != "BRAINTREE_PUBLIC_KEY"}
    with pytest.raises(StartRefused, match="BRAINTREE_PUBLIC_KEY is not set"):
        accounts.read(wanted, PROVIDERS)


def test_a_setting_that_is_none_is_refused_without_its_value() -> None:
    with pytest.raises(StartRefused, match="BRAINTREE_PUBLIC_KEY is wrong") as refused:
        accounts.read({**ENVIRONMENT, "BRAINTREE_PUBLIC_KEY": "no key/at all|"}, PROVIDERS)
    assert "no key" not in str(refused.value)


def test_a_path_that_is_a_secret_stands_in_no_record_but_its_hash(
    door: Door, capfd: pytest.CaptureFixture[str]
) -> None:
    _post(door, MPESA, f"/webhooks/mpesa-daraja/{TOKEN}")
    _post(door, MPESA, f"/webhooks/mpesa-daraja/{OTHER_TOKEN}")
    kept = door.rows("SELECT to_jsonb(e)::text FROM inbound_events e")
    kept += door.rows("SELECT to_jsonb(r)::text FROM refused_requests r")
    assert kept
    said = "".join(capfd.readouterr())
    for secret in (TOKEN, OTHER_TOKEN):
        assert secret not in said
        assert not any(secret in row[0] for row in kept)


def test_adyen_hears_the_word_that_it_demands(door: Door) -> None:
    answers = [_post(door, ADYEN, "/webhooks/adyen") for _ in range(2)]
    assert [(each.status, each.body) for each in answers] == [(200, b"[accepted]")] * 2
    assert door.count("inbound_events") == 1


def test_a_challenge_is_answered_to_a_get_and_nothing_else_is(door: Door) -> None:
    challenge = "20f9f8ed05f77439fe955c977e4c8a53"
    answer = door.ask("GET", f"/webhooks/braintree?bt_challenge={challenge}")
    assert answer.status == 200
    assert re.fullmatch(
        rf"{BRAINTREE.settings['PUBLIC_KEY']}\|[0-9a-f]{{40}}", answer.body.decode()
    )
    for path in ("/webhooks/braintree", "/webhooks/paystack", "/webhooks/nobody"):
        refused = door.ask("GET", path)
        assert (refused.status, refused.headers["allow"]) == (405, "POST")
    assert door.ask("GET", "/webhooks/braintree?bt_challenge=<script>").status == 405
