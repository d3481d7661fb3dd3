"""Who sends, by which keys, and one delivery looked into without a store."""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING, Any

import pytest

from domain.providers import PROVIDERS
from domain.signing import key_id
from tests.ingress.serving import OLD_SECRET, SECRET, charge, serving, signature, until
from tests.simulator.signing import SIGNERS, Signable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

STRIPE = "whsec_test_0123456789abcdef0123456789abcdef"
OTHER = "whsec_live_0123456789abcdef0123456789abcdef"
AT_S = 1_700_000_000
EVENT = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "customer.created",
        "livemode": False,
        "created": AT_S,
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    }
).encode()


@pytest.fixture
def body(tmp_path: Path) -> Path:
    file = tmp_path / "body.json"
    file.write_bytes(charge())
    return file


@pytest.fixture
def event(tmp_path: Path) -> Path:
    file = tmp_path / "event.json"
    file.write_bytes(EVENT)
    return file


def stripe_header(secret: str, *, at_s: int = AT_S) -> str:
    [(name, value)] = SIGNERS["stripe"](secret, Signable(EVENT, "", at_s)).items()
    return f"{name}: {value}"


def paystack_header(content: bytes, secret: str = SECRET) -> str:
    return f"X-Paystack-Signature: {signature(content, secret)}"


def checked(payratchet: Run, name: str, file: Path, *words: str, **environment: str) -> Any:
    said = payratchet("providers", "check", name, "--body-file", str(file), *words, "--json",
                      DATABASE_URL="", REDIS_URL="", PAYRATCHET_DATA=str(file.parent),
                      **environment)  # fmt: skip
    shown = json.loads(said.out)
    assert said.code == (0 if shown["verdict"] == "verified" else 1)
    assert {"verdict", "code", "event_key", "events", "why"} <= set(shown)
    for secret in environment.values():
        assert secret not in said.out
        assert signature(file.read_bytes(), secret) not in said.out
    return shown


def test_a_good_delivery_is_verified_and_read(payratchet: Run, body: Path) -> None:
    shown = checked(
        *(payratchet, "paystack", body, "--header", paystack_header(charge())),
        PAYSTACK_SECRET_KEY=SECRET,
    )
    assert (shown["verdict"], shown["code"]) == ("verified", None)
    assert shown["key_id"] == key_id(SECRET)
    assert shown["events"][0] == {
        "kind": "succeeded",
        "status": "succeeded",
        "reference": "top-up-1",
        "amount_minor": 5_000,
        "currency": "NGN",
    }


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        ({"PAYSTACK_RETIRED_SECRET": OLD_SECRET}, "retired secret"),
        ({"PAYSTACK__EU_WEBHOOK_SECRET": OLD_SECRET}, "secret of account eu, mode test"),
        ({}, "match none of 1 secrets"),
    ],
)
def test_a_wrong_secret_is_named_by_what_it_is(
    payratchet: Run, body: Path, environment: dict[str, str], words: str
) -> None:
    header = paystack_header(charge(), OLD_SECRET)
    known = {"PAYSTACK_SECRET_KEY": SECRET, **environment}
    shown = checked(payratchet, "paystack", body, "--header", header, **known)
    assert (shown["verdict"], shown["code"]) == ("refused", "signature_invalid")
    assert words in shown["why"]
    assert (shown["events"], shown["event_key"]) == ([], None)


def test_a_body_that_was_written_anew_is_recognised(payratchet: Run, tmp_path: Path) -> None:
    file = tmp_path / "anew.json"
    file.write_bytes(json.dumps(json.loads(charge()), separators=(",", ":")).encode())
    header = paystack_header(charge())
    shown = checked(payratchet, "paystack", file, "--header", header, PAYSTACK_SECRET_KEY=SECRET)
    assert "serialised anew" in shown["why"]


def test_a_clock_is_told_from_a_secret(payratchet: Run, event: Path) -> None:
    words = ("--header", stripe_header(STRIPE))
    late = checked(payratchet, "stripe", event, *words, STRIPE_WEBHOOK_SECRET=STRIPE)
    then = checked(
        *(payratchet, "stripe", event, *words, "--at", str(AT_S + 300)),
        STRIPE_WEBHOOK_SECRET=STRIPE,
    )
    assert (late["verdict"], late["code"]) == ("refused", "signature_expired")
    assert "--at" in late["why"]
    assert (then["verdict"], then["types"], then["events"]) == (
        "verified",
        ["customer.created"],
        [],
    )
    assert "nothing about money" in then["why"]


def test_the_other_mode_s_secret_and_a_named_variable(payratchet: Run, event: Path) -> None:
    now_s = int(time.time())
    words = ("--header", stripe_header(OTHER, at_s=now_s))
    known = {"STRIPE_WEBHOOK_SECRET": STRIPE, "STRIPE__LIVE_WEBHOOK_SECRET": OTHER}
    refused = checked(payratchet, "stripe", event, *words, **known)
    named = checked(
        payratchet, "stripe", event, *words, "--secret-env", "STRIPE__LIVE_WEBHOOK_SECRET", **known
    )
    of_account = checked(payratchet, "stripe", event, *words, "--account", "live", **known)
    assert "secret of account live, mode live" in refused["why"]
    assert named["verdict"] == of_account["verdict"] == "verified"


def test_a_wrong_url_and_a_doubled_header_are_said(payratchet: Run, body: Path) -> None:
    header = ("--header", paystack_header(charge()))
    known = {"PAYSTACK_SECRET_KEY": SECRET}
    url = ("--url", "https://pay.example.com/webhooks/stripe")
    wrong = checked(payratchet, "paystack", body, *header, *url, **known)
    twice = checked(payratchet, "paystack", body, *header, *header, **known)
    missing = checked(payratchet, "paystack", body, **known)
    assert "the URL is not that of this account" in wrong["why"]
    assert (twice["verdict"], twice["code"]) == ("malformed", "request_malformed")
    assert (missing["verdict"], missing["code"]) == ("refused", "signature_missing")


def test_an_authentic_body_that_says_nothing_readable_is_verified_and_would_be_set_aside(
    payratchet: Run, tmp_path: Path
) -> None:
    file = tmp_path / "odd"
    file.write_bytes(b"\xff")
    header = paystack_header(b"\xff")
    shown = checked(payratchet, "paystack", file, "--header", header, PAYSTACK_SECRET_KEY=SECRET)
    assert (shown["verdict"], shown["code"], shown["events"]) == ("verified", "schema", [])


def test_without_a_secret_the_variable_is_named(payratchet: Run, body: Path) -> None:
    words = ("providers", "check", "paystack", "--body-file", str(body), "--json")
    nothing = payratchet(*words, DATABASE_URL="", PAYRATCHET_DATA=str(body.parent))
    malformed = payratchet(*words, PAYSTACK_SECRET_KEY="short")
    assert nothing.code == malformed.code == 1
    assert nothing.err.startswith("secret_missing: PAYSTACK_SECRET_KEY is not set")
    assert malformed.err.startswith("secret_malformed: PAYSTACK_SECRET_KEY has not the form")


def test_the_list_says_keys_by_their_ids_last_use_and_silence(
    database_url: str, redis_url: str, payratchet: Run
) -> None:
    environment = {
        "PAYSTACK_SECRET_KEY": f"{SECRET},{OLD_SECRET}",
        "STRIPE_WEBHOOK_SECRET": STRIPE,
        "API_KEY_PEPPER": "a pepper that only these tests know, I hope",
    }
    with serving(database_url, redis_url, environment=environment) as door:
        until(lambda: door.count("source_keys") == 3)
        assert door.post(charge()).status == 200
    said = payratchet("providers", "list", "--json")
    items = json.loads(said.out)["items"]

    assert [(item["provider"], item["account"]) for item in items] == [
        ("paystack", "default"),
        ("stripe", "default"),
    ]
    newest, oldest = items[0]["keys"]
    assert (newest["key_id"], newest["live"]) == (key_id(SECRET), True)
    assert newest["last_used_at"] is not None
    assert (oldest["key_id"], oldest["last_used_at"]) == (key_id(OLD_SECRET), None)
    assert items[0]["silence"].startswith("no event for ")
    assert items[1]["silence"] == "nothing heard"
    assert items[1]["scheme"] == PROVIDERS["stripe"].card.scheme
    assert (items[1]["refetch"], items[1]["confidence"]) == ("recommended", "high")
    assert SECRET not in said.out
    shown = payratchet("providers", "list").out
    assert all(len(line) <= 80 for line in shown.splitlines())
    assert re.search(rf"{key_id(OLD_SECRET)} +live +not among", shown)

    with serving(database_url, redis_url, environment={"PAYSTACK_SECRET_KEY": OLD_SECRET}) as door:
        until(lambda: door.count("source_keys") == 1)
    [paystack] = json.loads(payratchet("providers", "list", "--json").out)["items"]
    assert [(key["key_id"], key["live"]) for key in paystack["keys"]] == [
        (key_id(OLD_SECRET), True),
        (key_id(SECRET), False),
    ]


def test_a_provider_that_fell_silent_is_told_from_one_that_never_says_much(
    scene: Scene, payratchet: Run
) -> None:
    scene.execute(
        "INSERT INTO inbound_events (id, received_at, source, account, event_key, body, headers,"
        " key_id, request_id) SELECT nextval('inbound_event_ids'), now() - interval '47 min' -"
        " n * interval '3 min', 'stripe', 'default', 'e' || n, '', '{}', 'k', 'r'"
        " FROM generate_series(20, 0, -1) n"
        " WHERE now() - interval '47 min' - n * interval '3 min' >= date_trunc('month', now())"
    )
    [stripe] = json.loads(payratchet("providers", "list", "--json").out)["items"]
    assert stripe["is_silent"]
    assert stripe["silence"] == "no event for 47 min; usual 3 min: SILENT"


def test_refused_requests_are_grouped_by_who_knocks_and_why(scene: Scene, payratchet: Run) -> None:
    scene.execute(
        "INSERT INTO refused_requests (source, account, address, code, diagnosis, request_id,"
        " body_bytes) SELECT source, 'default', address, code, 'why ' || n, 'r' || n, 1"
        " FROM (VALUES ('paystack', '10.0.0.1', 'signature_invalid'),"
        " ('stripe', '10.0.0.2', 'signature_expired')) given (source, address, code),"
        " generate_series(1, 3) n"
    )
    grouped = json.loads(payratchet("refused", "list", "--json").out)
    one = json.loads(payratchet("refused", "list", "--provider", "stripe", "--json").out)["items"]
    each = json.loads(payratchet("refused", "list", "--each", "--limit", "4", "--json").out)
    more = ("--each", "--cursor", str(each["next_cursor"]), "--json")
    rest = json.loads(payratchet("refused", "list", *more).out)

    assert {(item["provider"], item["requests"]) for item in grouped["items"]} == {
        ("paystack", 3),
        ("stripe", 3),
    }
    assert [(item["code"], item["diagnosis"]) for item in one] == [("signature_expired", "why 3")]
    assert (len(each["items"]), len(rest["items"])) == (4, 2)
    assert payratchet("refused", "list", "--cursor", "1").code == 2
    shown = payratchet("refused", "list").out
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_is_printed_for_every_shell(payratchet: Run, shell: str) -> None:
    said = payratchet("completion", shell)
    assert (said.code, said.err) == (0, "")
    assert "_PAYRATCHET_COMPLETE" in said.out


def test_a_shell_that_asks_gets_commands(process: Run) -> None:
    said = process(
        _PAYRATCHET_COMPLETE="bash_complete", COMP_WORDS="payratchet prov", COMP_CWORD="1"
    )
    assert said.out == "plain,providers\n"
