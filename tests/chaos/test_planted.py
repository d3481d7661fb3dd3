"""Planted bugs: each place is there, each change takes, and nothing of it is in what we ship."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from tests.chaos.errors import LabFailed
from tests.chaos.faults.injections import LOADS
from tests.chaos.kinds import PROCESSES
from tests.chaos.planted import installing, planting
from tests.chaos.planted.catalogue import BUGS
from tests.chaos.planted.trial import controls, judged
from tests.local.service import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.chaos.planted.bug import Bug

BUGS_MIN = 22
WAIT_S = 30.0
SHIPPED = ("domain", "ingress", "workers", "migrations")

JUDGE = """
from domain.announcement import Announcement
from domain.decide import decide
from domain.facts import Fact, FactKind, FactStatus
from domain.fold import fold
from domain.money import Money
from domain.payment import Asked
asked = Asked(Money("USD", 500), "stripe", "cust")
paid = Fact(FactKind.SUCCEEDED, "pi", FactStatus.SUCCEEDED, Money("USD", 500))
"""

BEHAVIOUR = {
    "no-applied-check": (
        JUDGE
        + "print(len(decide(asked, fold(asked, (paid,)), (paid,), (paid,), version=1).facts))",
        ("1", "0"),
    ),
    "no-order-check": (
        JUDGE + "told = [Fact(FactKind.REFUND, 're', s, Money('USD', 5)) for s in"
        " (FactStatus.SUCCEEDED, FactStatus.PENDING)]\n"
        "print(fold(asked, (paid, *told)).refunded_minor)",
        ("0", "5"),
    ),
    "edge-too-many": (
        (
            "from domain.transitions import Event, State, path\n"
            "print(len(path(State.PENDING, Event.SUCCEEDED, State.REFUNDED)))"
        ),
        ("1", "2"),
    ),
    "hash-without-the-one-before": (
        "from domain import audit\nprint(audit.link(b'a' * 32, []) == audit.link(b'b' * 32, []))",
        ("True", "False"),
    ),
    "yen-have-cents": (
        (
            "from domain.providers.amounts import from_wire\n"
            "print(from_wire(7, 'JPY', {'JPY': 0}).amount_minor)"
        ),
        ("700", "7"),
    ),
    "money-in-floats": (
        (
            "from domain.providers.amounts import from_wire\n"
            "print(from_wire(29, 'USD', {'USD': 2}).amount_minor)"
        ),
        ("28", "29"),
    ),
    "any-request-of-a-key": (
        (
            "from ingress.api.idempotency import Stored, replay\n"
            "try: print(replay(Stored(b'a', 202, {}, b''), b'b').status)\n"
            "except Exception as error: print(error.http_status)"
        ),
        ("202", "422"),
    ),
    "dishonest-refusal": (
        "from ingress.errors import StoreUnavailable\nprint(StoreUnavailable('x').http_status)",
        ("500", "503"),
    ),
    "silence-is-no": (
        (
            "from types import SimpleNamespace as Given\n"
            "from domain.errors import OutcomeUnknown\n"
            "from domain.tries import Asked\n"
            "from workers.calling import sending\n"
            "def look_up(asking): raise OutcomeUnknown('no answer')\n"
            "case = Given(asking=lambda: None)\n"
            "begun = Given(asked=Asked.VERIFY, client=Given(look_up=look_up), case=case)\n"
            "print(type(sending.ask(begun, began_s=sending.now_s())).__name__)"
        ),
        ("ProviderRefused", "OutcomeUnknown"),
    ),
    "key-of-each-try": (
        (
            "from types import SimpleNamespace as Given\n"
            "from domain.providers.stripe_api import post\n"
            "from workers.clients.transport import Transport\n"
            "sent = []\n"
            "wire = Given(exchange=lambda request, until_s: sent.append(request.headers))\n"
            "transport = Transport('http://127.0.0.1:1', (), at_once_max=1)\n"
            "transport._wire = wire\n"
            "for _ in range(2): transport.call(post('refunds', key='k'), lambda _: None)\n"
            "print(len(set(sent)))"
        ),
        ("2", "1"),
    ),
    "relay-off": (
        (
            "from workers import sweeps\n"
            "try: print(sweeps.ring_due(None, None))\n"
            "except AttributeError: print('it rings')"
        ),
        ("0", "it rings"),
    ),
}
"""What shows a change in one process: what it prints with the bug, and without."""


def _process(code: str, bugs: Iterable[str], where: str) -> subprocess.CompletedProcess[str]:
    told = planting.planted({}, bugs).get(where, {})
    return subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=dict(os.environ) | {"REDIS_URL": "redis://127.0.0.1:1/0"} | told,
        text=True,
        timeout=WAIT_S,
    )


@pytest.mark.parametrize("bug", BUGS.values(), ids=BUGS)
def test_what_a_bug_takes_the_place_of_is_there(bug: Bug) -> None:
    loaded = "".join(f"import {plant.module}\n" for plant in bug.plants)
    if not bug.plants:
        assert bug.statements
        return

    done = _process(f"{loaded}print('loaded')", [bug.name], bug.where[0])

    assert (done.returncode, done.stdout) == (0, "loaded\n"), done.stderr


@pytest.mark.parametrize("name", BEHAVIOUR)
def test_a_bug_changes_what_a_process_does_and_without_it_nothing_is_changed(name: str) -> None:
    code, (planted, sound) = BEHAVIOUR[name]

    assert _process(code, [name], BUGS[name].where[0]).stdout.strip() == planted
    assert _process(code, [], BUGS[name].where[0]).stdout.strip() == sound


def test_the_database_has_what_statements_take_away(database_url: str) -> None:
    for bug in BUGS.values():
        with psycopg.connect(database_url) as connection:
            for statement in bug.statements:
                connection.execute(statement.encode())
            connection.rollback()


def test_a_bug_is_planted_in_its_own_processes_beside_what_is_injected_already() -> None:
    given = {"web-1": {LOADS: "lab_clock", "LD_PRELOAD": "shim.so"}, "worker-1": {LOADS: ""}}

    told = planting.planted(given, ["ack-before-commit"])

    assert told["web-1"]["LD_PRELOAD"] == "shim.so"
    assert told["web-1"][LOADS] == f"lab_clock,{installing.__name__}"
    assert "ingress.record=" in told["web-2"][installing.VARIABLE]
    assert told["worker-1"] == {LOADS: ""}


def test_two_bugs_are_planted_together() -> None:
    told = planting.planted({}, ["ack-before-commit", "dishonest-refusal"])["web-1"]

    assert len(told[installing.VARIABLE].split()) == 2
    assert told[LOADS] == installing.__name__


def test_a_bug_that_there_is_not_is_refused() -> None:
    with pytest.raises(LabFailed, match="no bug"):
        planting.planted({}, ["no-such-bug"])


def test_a_place_that_is_gone_stops_the_process() -> None:
    code = (
        "import types\nfrom tests.chaos.planted.taking import put, without\n"
        "module = types.SimpleNamespace(text='a')\n"
        "for take in (lambda: put(module, 'b', 1), lambda: without(module, 'text', 'b')):\n"
        "    try: take()\n"
        "    except Exception as error: print(type(error).__name__)\n"
    )

    assert _process(code, [], "web-1").stdout.split() == ["PlaceGone", "PlaceGone"]


def _told(*broken: tuple[str, str]) -> str:
    invariants = [{"name": name, "holds": False, "problems": [why]} for name, why in broken]
    return json.dumps({"invariants": [{"name": "this one holds", "holds": True}, *invariants]})


def test_a_bug_is_told_by_what_should_tell_it_and_by_nothing_else() -> None:
    bug = BUGS["ack-before-commit"]
    lost = ("no acknowledged event is lost", "event 7 is not there")

    told = judged(bug, _told(lost, ("something else", "it broke")), "", 1.0)
    missed = judged(bug, _told(("something else", "it broke")), "", 1.0)

    assert (told.is_right, dict(told.told_by)) == (True, dict([lost]))
    assert (missed.is_right, list(missed.also)) == (False, ["something else"])


def test_a_rescue_tells_of_a_bug_only_if_it_came_by_the_rule_that_should_save_it() -> None:
    bug, name = BUGS["no-lock"], "without faults, no constraint came to the rescue"
    right, wrong = (f"1 times UniqueViolation by {n}" for n in (bug.rescued_by[0], "another_once"))

    assert judged(bug, _told((name, right)), "", 1.0).is_right
    assert not judged(bug, _told((name, wrong)), "", 1.0).is_right


def test_a_control_is_right_only_if_there_was_a_lab_and_nothing_is_told() -> None:
    control, *_ = controls()

    assert judged(control, _told(), "", 1.0).is_right
    assert not judged(control, _told(("anything", "it broke")), "", 1.0).is_right
    assert not judged(control, "", "error: it did not start", 1.0).is_right


def test_there_are_many_bugs_each_with_a_sentence_and_a_place() -> None:
    for bug in BUGS.values():
        assert bug.sentence.endswith("."), bug.name
        assert bug.told_by, bug.name
        assert bug.plants or bug.statements, bug.name
        assert set(bug.where) <= set(PROCESSES), bug.name

    assert len(BUGS) >= BUGS_MIN


def test_nothing_of_the_lab_is_in_what_we_ship() -> None:
    words = ("PAYRATCHET_LAB", "tests.chaos", "planted")
    told = [
        (path, word)
        for package in SHIPPED
        for path in Path(ROOT, package).rglob("*.py")
        for word in words
        if word in path.read_text(encoding="utf-8")
    ]

    assert told == []
