"""Every command, once, in a process of its own: it does its work, and prints only that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click
import pytest

from domain.operators import Role
from tests.operations import people
from tests.operations.limits import set_limit
from tests.operations.working import working
from tests.workers.reconciling import Provider, Runs, transaction
from tests.workers.scene import capture
from workers.operations.cli import cli

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

PEPPER = "pepper of this test, long enough for one"
CHIEF = "cho"
COMMANDS = {
    "approvals approve": "1",
    "approvals list": "",
    "approvals reject": "1",
    "approvals show": "1",
    "audit verify": "",
    "clients create": "till --scope payments:read",
    "clients limits": "shop --initialize 9/hour",
    "clients list": "",
    "clients revoke": "shop",
    "clients rotate": "shop",
    "completion": "bash",
    "dead-letters assign": "1 --to bo",
    "dead-letters discard": "1",
    "dead-letters edit": "1 --set data.note=edited",
    "dead-letters export": "",
    "dead-letters groups": "",
    "dead-letters list": "",
    "dead-letters note": "1 --text seen",
    "dead-letters reopen": "1",
    "dead-letters replay": "1",
    "dead-letters reveal": "1 --reason wanted",
    "dead-letters show": "1",
    "events list": "",
    "events replay": "4",
    "events reveal": "4 --reason wanted",
    "events show": "4",
    "migrate": "",
    "operators create": "eve --role viewer",
    "operators list": "",
    "operators renew": CHIEF,
    "operators revoke": CHIEF,
    "payments create": "--provider paystack --reference N-1 --amount-minor 5 --currency NGN"
    " --customer-id ada",
    "payments explain": "p2",
    "payments list": "",
    "payments show": "p1",
    "payments verify": "p1",
    "providers list": "",
    "reconcile run": "--provider paystack --since 2026-01-01",
    "reconcile show": "1",
    "reconcile status": "",
    "refused list": "",
    "replays cancel": "1",
    "replays list": "",
    "replays pause": "1",
    "replays resume": "1",
    "replays show": "1",
}
"""What each command is run with, on the record of `lived`."""

ELSEWHERE = {
    *("doctor", "payments correct", "payments refund-failed", "payments write-off"),
    "providers check",
}
"""Commands whose work needs another record than that of `lived`; their own tests prove them."""

BEFORE = {
    "approvals": "dead-letters replay 1",
    "dead-letters reopen": "dead-letters discard 1",
    "replays": "dead-letters replay 1 --no-wait",
    "replays resume": "replays pause 1",
}
"""What is done before commands that begin so; before an approval, above the limit."""


def leaves(group: click.Group, above: str = "") -> Iterator[str]:
    """Return the commands that do something, each by its words."""
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from leaves(command, f"{above}{name} ")
        else:
            yield f"{above}{name}"


@pytest.fixture
def lived(scene: Scene) -> Runs:
    """A record in which there is something for each command."""
    runs = Runs(scene, Provider(items=[transaction(1)]))
    runs.announce([1])
    scene.announce("p2")
    scene.break_for("p2", "RAISE EXCEPTION 'broken'")
    scene.hear(capture("p2"))
    scene.drain()
    scene.mend()
    _, event_id = runs.begin()
    runs.finish(event_id)
    scene.hear(b'{"type":"unused"}')
    return runs


def test_no_command_is_left_out() -> None:
    assert sorted({*COMMANDS, *ELSEWHERE}) == sorted(leaves(cli))


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_does_its_work_in_a_process_of_its_own(
    command: str, forked: Run, payratchet: Run, lived: Runs
) -> None:
    payratchet("clients", "create", "shop", "--scope", "credit:read", API_KEY_PEPPER=PEPPER)
    token = people.appoint(lived.scene.url, CHIEF, Role.APPROVER)
    for beginning, before in BEFORE.items():
        if command.startswith(beginning):
            if beginning == "approvals":
                set_limit(lived.scene.url, "0")
            payratchet(*before.split())
    words = (*command.split(), *COMMANDS[command].split(), "--json")

    with working(lived):
        said = forked(*words, API_KEY_PEPPER=PEPPER, PAYRATCHET_OPERATOR_TOKEN=token)

    assert (said.code, said.err) == (0, "")
    assert isinstance(json.loads(said.out), dict)
