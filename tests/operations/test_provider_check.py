"""One delivery of any dialect looked into: verified, or refused for a reason that helps."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.key_pairs import certificates
from tests.conformance.sender import NOW_S, Request, Sender
from tests.conformance.senders import BY_NAME, SENDERS
from tests.conformance.senders.plaid import PAIRS, jwk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.operations.conftest import Said

SQUARE = BY_NAME["square"]
URL = SQUARE.settings["ENDPOINT_URL"]
WITH_KEYS = {"paypal", "plaid"}
"""Signed with keys that `web` fetches: their tests are further down."""

each_without_keys = pytest.mark.parametrize(
    "sender",
    [sender for sender in SENDERS if sender.name not in WITH_KEYS],
    ids=attrgetter("name"),
)


class Checker:
    """Runs `providers check` on a request of a sender, without any store."""

    def __init__(self, payratchet: Callable[..., Said], folder: Path) -> None:
        self._payratchet, self._folder = payratchet, folder

    def environment(self, sender: Sender, **changes: str) -> dict[str, str]:
        stem = sender.name.upper().replace("-", "_")
        named = {f"{stem}_{name}": value for name, value in sender.settings.items()}
        if sender.mode is not None:
            named[f"{stem}_MODE"] = sender.mode
        return {f"{stem}_WEBHOOK_SECRET": sender.secret.decode(), **named, **changes}

    def run(self, sender: Sender, request: Request, *words: str, **changes: str) -> Any:
        """Return what it said; no secret, and no code that is right, may be in it."""
        environment = self.environment(sender, **changes)
        said = self._run(sender, request, words, environment)
        shown = json.loads(said.out)
        assert said.code == (0 if shown["verdict"] == "verified" else 1)
        for hidden in (*self._hidden(sender, request), *environment.values()):
            if len(hidden) >= 16 and not hidden.startswith("https:"):
                assert hidden not in said.out + said.err
        return shown

    def refusal(self, sender: Sender, request: Request, *words: str, **changes: str) -> str:
        """Return why the command itself refuses."""
        said = self._run(sender, request, words, self.environment(sender, **changes))
        assert said.code != 0
        return said.err

    def _run(
        self, sender: Sender, request: Request, words: tuple[str, ...], environment: dict[str, str]
    ) -> Said:
        file = self._folder / "body"
        file.write_bytes(request.body)
        headers = [f"--header={name.decode()}: {value.decode()}" for name, value in request.headers]
        url = () if not request.url or "--url" in words else ("--url", request.url)
        return self._payratchet(
            *("providers", "check", sender.name, "--body-file", str(file), *headers, *url),
            *("--at", str(NOW_S), *words, "--json"),
            DATABASE_URL="",
            REDIS_URL="",
            PAYRATCHET_DATA=str(self._folder),
            **environment,
        )

    @staticmethod
    def _hidden(sender: Sender, request: Request) -> list[str]:
        """Return what would help a forger: the code that is right for the request's body."""
        if sender.is_read_first or request.body == sender.request().body:
            return []
        right: list[bytes] = []
        for name, value in sender.request(request.body).headers:
            right += [sender.code_of(value)] if name == sender.code_header else []
        return [code.decode() for code in right]


@pytest.fixture
def check(payratchet: Callable[..., Said], tmp_path: Path) -> Checker:
    return Checker(payratchet, tmp_path)


@each_without_keys
def test_what_a_provider_sends_is_verified_with_the_account_s_settings(
    check: Checker, sender: Sender
) -> None:
    shown = check.run(sender, sender.request())

    assert (shown["verdict"], shown["code"]) == ("verified", None)
    if sender.provider.card.refetch == "required":
        assert (shown["events"], len(shown["asks"])) == ([], 1)
        assert "proves nothing by itself" in shown["why"]
    else:
        assert ("ORD-1", sender.sale.amount_minor) in [
            (event["reference"], event["amount_minor"]) for event in shown["events"]
        ]


@each_without_keys
def test_a_wrong_secret_is_refused_and_nothing_that_helps_a_forger_is_shown(
    check: Checker, sender: Sender
) -> None:
    shown = check.run(sender, sender.request(secret=sender.other_secret))
    changed = check.run(sender, sender.request().with_body(sender.request().body + b" "))

    assert (shown["verdict"], shown["code"]) == ("refused", "signature_invalid")
    assert changed["verdict"] in {"verified", "refused"}


@pytest.mark.parametrize(
    "registered",
    [
        "https://pay.example.com/webhooks/square/",
        "https://pay.example.com/webhooks/square/?source=square",
        "https://pay.example.com/webhooks/square?source=square",
    ],
)
def test_the_url_that_was_signed_is_found_and_named(check: Checker, registered: str) -> None:
    shown = check.run(SQUARE, SQUARE.request(), "--url", "", SQUARE_ENDPOINT_URL=registered)

    assert shown["verdict"] == "refused"
    assert f"signed for the URL {URL}: ENDPOINT_URL" in shown["why"]


def test_the_url_it_was_sent_to_stands_in_for_one_that_is_not_set(
    payratchet: Callable[..., Said], tmp_path: Path
) -> None:
    check = Checker(payratchet, tmp_path)
    unset = replace(SQUARE, settings={})

    verified = check.run(unset, SQUARE.request())
    unknown = check.run(unset, SQUARE.request(), "--url", "")
    by_http = check.run(unset, SQUARE.request(), "--url", URL.replace("https", "http"))

    assert verified["verdict"] == "verified"
    assert f"signed for the URL {URL}: ENDPOINT_URL" in by_http["why"]
    assert "not set: SQUARE_ENDPOINT_URL" in unknown["why"]


def test_a_secret_of_another_account_is_tried_with_that_account_s_settings(
    check: Checker,
) -> None:
    ours = {"SQUARE_WEBHOOK_SECRET": SQUARE.other_secret.decode()}
    ours |= {"SQUARE_ENDPOINT_URL": URL + "/eu"}
    theirs = {"SQUARE__EU_WEBHOOK_SECRET": SQUARE.secret.decode(), "SQUARE__EU_ENDPOINT_URL": URL}

    shown = check.run(SQUARE, SQUARE.request(), "--url", "", **ours, **theirs)

    assert shown["why"] == "signed with a secret of account eu (SQUARE__EU_WEBHOOK_SECRET)"


def test_the_other_mode_is_named_where_a_provider_signs_for_each(check: Checker) -> None:
    paymongo = BY_NAME["paymongo"]

    shown = check.run(paymongo, paymongo.request(), PAYMONGO_MODE="live")
    told = check.run(paymongo, paymongo.request(), "--mode", "test", PAYMONGO_MODE="live")

    assert "signed for mode test, not live" in shown["why"]
    assert told["verdict"] == "verified"


def test_an_event_of_the_other_mode_would_be_set_aside_and_that_is_said(check: Checker) -> None:
    stripe = BY_NAME["stripe"]

    shown = check.run(stripe, stripe.request(), "--mode", "live")

    assert shown["verdict"] == "verified"
    assert "it is of mode test at an account of mode live: set aside" in shown["why"]


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda body: body.replace(b"/", b"\\/"),
        lambda body: body + b"\n",
        lambda body: body.replace(b":", b": ", 3),
        lambda body: json.dumps(json.loads(body), indent=2).encode(),
    ],
)
def test_a_body_that_a_proxy_wrote_anew_is_recognised(
    check: Checker, rewrite: Callable[[bytes], bytes]
) -> None:
    paystack = BY_NAME["paystack"]
    body = paystack.body.replace(b"12.50", b"a/b")

    shown = check.run(paystack, paystack.request(body).with_body(rewrite(body)))

    assert "serialised anew" in shown["why"]


def test_of_a_source_that_signs_nothing_the_path_is_checked_and_never_shown(
    check: Checker,
) -> None:
    mollie = BY_NAME["mollie-classic"]

    without = check.run(mollie, mollie.request(), "--url", "")
    elsewhere = check.run(
        mollie, mollie.request(), "--url", "https://pay.example.com/" + mollie.secret.decode()
    )

    assert "the path ends with the secret: give --url" in without["why"]
    assert (elsewhere["verdict"], "/webhooks/mollie-classic/<secret>" in elsewhere["why"]) == (
        "verified",
        True,
    )


def test_a_fetched_key_is_given_as_the_provider_answered(check: Checker, tmp_path: Path) -> None:
    plaid, answer = BY_NAME["plaid"], tmp_path / "key.json"
    key = jwk(PAIRS[plaid.secret])
    answer.write_text(json.dumps({"key": key, "request_id": "r"}))
    words = ("--key-file", str(answer))

    shown = check.run(plaid, plaid.request(), *words)
    without = check.refusal(plaid, plaid.request())
    answer.write_text(json.dumps({"key": {**key, "kid": "another"}, "request_id": "r"}))
    another = check.refusal(plaid, plaid.request(), *words)

    assert shown["verdict"] == "verified"
    assert without.startswith("key_missing: it is signed with a key that web fetches from https://")
    assert plaid.secret.decode() not in without
    assert another.startswith("key_invalid: ")


def test_a_certificate_is_believed_for_the_authorities_that_web_believes(
    check: Checker, tmp_path: Path
) -> None:
    paypal, chain = BY_NAME["paypal"], tmp_path / "chain.pem"
    chain.write_bytes(certificates().chain)
    words = ("--key-file", str(chain))

    unknown = check.refusal(paypal, paypal.request(), *words)
    authority = tmp_path / "authority.pem"
    authority.write_bytes(_pem(certificates().root))
    shown = check.run(paypal, paypal.request(), *words, KEY_AUTHORITIES_FILE=str(authority))

    assert "not proven" in unknown
    assert shown["verdict"] == "verified"
    assert shown["asks"][0]["reference"] == "ORD-1"


def test_a_key_file_for_a_provider_without_one_is_a_slip(check: Checker, tmp_path: Path) -> None:
    (tmp_path / "key").touch()
    stripe = BY_NAME["stripe"]

    said = check.refusal(stripe, stripe.request(), "--key-file", str(tmp_path / "key"))

    assert "stripe has no key that must be fetched" in said


def test_a_setting_that_is_none_is_named_and_not_shown(check: Checker) -> None:
    said = check.refusal(SQUARE, SQUARE.request(), SQUARE_ENDPOINT_URL="no-url")

    assert said.startswith("setting_malformed: SQUARE_ENDPOINT_URL is wrong")
    assert "no-url" not in said


def test_hearsay_is_called_so(payratchet: Callable[..., Said], tmp_path: Path) -> None:
    xendit = BY_NAME["xendit"]
    file = tmp_path / "body"
    file.write_bytes(xendit.body)
    headers = [f"--header={k.decode()}: {v.decode()}" for k, v in xendit.request().headers]

    said = payratchet(
        *("providers", "check", "xendit", "--body-file", str(file), *headers),
        XENDIT_WEBHOOK_SECRET=xendit.secret.decode(),
    )

    assert "Hearsay: nothing of this moves money before the provider has answered." in said.out
    assert "ORD-1" in said.out


def _pem(certificate: bytes) -> bytes:
    text = base64.encodebytes(certificate)
    return b"-----BEGIN CERTIFICATE-----\n" + text + b"-----END CERTIFICATE-----\n"
