"""Commands: written as they are read, and one key for what is the same request."""

from __future__ import annotations

import json

import pytest

from domain import commands
from domain.commands import Command, CommandKind, parse
from domain.errors import PayloadInvalid

BARE = Command(CommandKind.VERIFY, "paystack", "default", "p1", "payratchet")
FULL = Command(
    CommandKind.REFUND,
    "stripe",
    "eu",
    "p1",
    "client:shop",
    number="r7",
    email="a@b.example",
    callback_url="https://shop.example/back",
    refund="rf1",
    object_id="pi_1",
)


@pytest.mark.parametrize("command", [BARE, FULL])
def test_a_command_is_read_as_it_was_written(command: Command) -> None:
    assert parse(command.body()) == command


def test_what_is_not_said_is_not_written() -> None:
    assert json.loads(BARE.body()) == {
        "command": "verify",
        "provider": "paystack",
        "account": "default",
        "reference": "p1",
        "actor": "payratchet",
    }


def test_the_key_is_what_is_asked_of_what_and_which_time() -> None:
    assert BARE.key == "verify:p1"
    assert FULL.key == "refund:p1:rf1:r7"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"7",
        b"{}",
        b'{"command":"verify"}',
        b'{"command":"buy","provider":"p","account":"a","reference":"r","actor":"x"}',
        b'{"command":"verify","provider":"p","account":"a","reference":"r","actor":"x","b":1}',
    ],
)
def test_what_is_no_command_of_ours_is_refused(body: bytes) -> None:
    with pytest.raises(PayloadInvalid, match="not a command of ours"):
        parse(body)


def test_a_run_goes_by_its_number_and_no_payment_can_be_called_so() -> None:
    assert commands.run_reference(12) == "reconciliation:12"
    assert commands.run_id_of("reconciliation:12") == 12
    assert commands.object_reference("ch_1") == "object:ch_1"
    assert commands.RUN_PREFIX == "reconciliation:"
    assert commands.OBJECT_PREFIX == "object:"
    assert commands.INTERNAL == "internal"


def test_the_words_of_the_inbox_stay_as_they_are() -> None:
    kinds = ["initialize", "verify", "refund", "cancel", "unheard", "reconcile"]
    assert [str(kind) for kind in CommandKind] == kinds
