"""A sale in every dialect, sent from the command line to a running door."""

from __future__ import annotations

import shlex

import pytest
from click.testing import CliRunner

from tests.conformance.senders import BY_NAME, SENDERS
from tests.ingress.serving import Door, serving
from tests.simulator.dialects import WITH_KEY_PAIRS, main

COUNT = len(SENDERS) - len(WITH_KEY_PAIRS)


def run(*words: str, **environment: str) -> tuple[int, list[str]]:
    said = CliRunner().invoke(main, words, env=environment)
    return said.exit_code, said.output.splitlines()


def sent(*words: str, **environment: str) -> tuple[int, list[str]]:
    """Return the lines of deliveries alone: the door, in a thread here, says something too."""
    code, lines = run(*words, **environment)
    return code, [line for line in lines if line.partition(" ")[0] in BY_NAME]


def told() -> dict[str, str]:
    """Return what `--settings` has the receiver told."""
    _, lines = run("--provider", "all", "--settings")
    pairs = [line.partition("=") for line in lines]
    return {name: shlex.split(value)[0] for name, _, value in pairs}


@pytest.fixture
def to(database_url: str, redis_url: str) -> object:
    with serving(database_url, redis_url, environment=told()) as door:
        yield door


def url(door: Door) -> str:
    return f"http://127.0.0.1:{door.port}"


def test_every_dialect_is_accepted_and_known_again(to: Door) -> None:
    words = ("--provider", "all", "--to", url(to), "--number", "7", "--times", "2")

    code, lines = sent(*words)

    assert (code, len(lines)) == (0, 2 * COUNT)
    assert all(line.split()[1] == "200" for line in lines)
    # Mollie's notice is the same for payment and refund, so that it is news a second later.
    assert COUNT <= to.count("inbound_events") <= COUNT + 1


def test_a_forgery_of_any_dialect_is_refused(to: Door) -> None:
    code, lines = sent("--provider", "all", "--to", url(to), "--forge")

    assert (code, len(lines)) == (0, COUNT)
    assert all(line.split()[1] in {"401", "429"} for line in lines)
    assert to.count("inbound_events") == 0


def test_the_receiver_s_own_secret_is_taken_from_the_environment(to: Door) -> None:
    words = ("--provider", "stripe", "--to", url(to))

    ours, _ = run(*words, STRIPE_WEBHOOK_SECRET=told()["STRIPE_WEBHOOK_SECRET"] + ",older")
    another, lines = sent(*words, STRIPE_WEBHOOK_SECRET="whsec_another_0123456789abcdef")

    assert (ours, another) == (0, 1)
    assert "signature_invalid" in lines[0]


def test_without_a_receiver_it_says_so() -> None:
    assert run("--provider", "stripe")[0] == 2
    code, lines = run("--provider", "stripe", "--to", "http://127.0.0.1:9")
    assert code == 1
    assert "does not answer" in lines[0]
