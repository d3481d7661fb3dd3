"""Operators at their command line, played in this process as the program runs it."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING

from click.testing import CliRunner

from domain.operators import Role
from tests.crash.scenario import Scenario
from tests.operations import people
from tests.workers.scene import capture
from workers.operations.cli import run

if TYPE_CHECKING:
    from tests.crash.world import World

PEPPER = "pepper of this test, long enough for one"
PASSWORD = "correct horse battery staple 9"
CODES = (0, 1)
"""Done, or refused: whoever repeats what was done before is told so."""


def command(world: World, *words: str, typed: str = "") -> None:
    """Run a command unless its answer is known."""

    def do() -> str:
        environment = {
            "PAYRATCHET_OPERATOR_TOKEN": people.token_of("ada"),
            "API_KEY_PEPPER": PEPPER,
            "COLUMNS": "80",
            **os.environ,
        }
        with CliRunner().isolation(input=typed, env=environment) as (out, err, _):
            sys.argv = ["payratchet", *words]
            code: object = 0
            with contextlib.suppress(SystemExit):
                try:
                    run()
                except SystemExit as end:
                    code = end.code or 0
            said = (out.getvalue() + err.getvalue()).decode()
        assert code in CODES, f"{words} ended with {code}: {said}"
        return "done"

    world.ask(" ".join(words[:3]), do)


def _ada(world: World) -> None:
    people.appoint(world.url, "ada", Role.APPROVER)


def _clients(world: World) -> None:
    command(world, "clients", "create", "shop", "--scope", "payments:write")
    command(world, "clients", "rotate", "shop")
    command(world, "clients", "limits", "shop", "--initialize", "9/minute", "--reason", "asked")
    command(world, "clients", "revoke", "shop", "--yes", "--reason", "gone")


def _operators(world: World) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    command(world, "operators", "create", "cho", "--role", "viewer", typed=typed)
    command(world, "operators", "renew", "cho", typed=typed)
    command(world, "operators", "revoke", "cho", "--reason", "gone")


def _letters(world: World) -> None:
    _ada(world)
    world.desk.hear(capture("p7"), capture("p8"))


def _decided(world: World) -> None:
    about = ("--reason", "seen", "--yes")
    command(world, "dead-letters", "assign", "1", "--to", "ada", *about)
    command(world, "dead-letters", "reveal", "1", "--reason", "seen")
    command(world, "dead-letters", "note", "1", "--text", "look", "--yes")
    command(world, "dead-letters", "discard", "1", *about)
    command(world, "dead-letters", "replay", "2", *about)
    command(world, "events", "reveal", "1", "--reason", "seen")


TWICE = ("operator_actions", "who repeats what may have been done is noted twice")
KEYS = ("api_client_actions", "who rotates again, for want of an answer, has rotated twice")
NOTES = ("dead_letter_actions", "who notes again, for want of an answer, has noted twice")

WITHOUT_KEY = "who replays again without an operation's key makes another replay"
AGAIN = tuple(
    (name, WITHOUT_KEY)
    for name in ("replay_jobs", "replay_actions", "replay_items", "operator_moves")
)

SCENARIOS = (
    Scenario("commands about clients", _clients, _ada, forgives=(KEYS, TWICE)),
    Scenario("commands about operators", _operators, _ada, forgives=(TWICE,)),
    Scenario("commands about letters", _decided, _letters, forgives=(TWICE, NOTES, *AGAIN)),
)
