"""A small soak of each provider, as `dev.py soak` runs it; and what its proof notices."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.dev import processes
from tests.soak.intents import Refunding, drawn
from tests.soak.killing import LAST_SHARE, WEB, WORKER, planned
from tests.soak.watch import Counts

SOAK_S_MAX = 180.0
FAIL_SHARE = 0.1
PAYMENTS = 80
KILLS = 2


def test_every_charge_is_known_once_on_both_sides_whatever_is_lost() -> None:
    """One test for all that is told, because a soak is expensive; Stripe's is the command's.

    It kills workers between two calls: one that dies with a call under way costs half a minute,
    which is spent by `dev.py soak`, and without a process by the tests of `tests.calling`.
    """
    words = ["--provider", "paystack", "--payments", str(PAYMENTS), "--kills", str(KILLS)]
    words += ["--fail-share", str(FAIL_SHARE), "--spare-calls"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak", *words, "--seed", "20261123", "--json"],
        cwd=processes.ROOT,
        env=processes.environment(),
        capture_output=True,
        text=True,
        timeout=SOAK_S_MAX,
        check=False,
    )

    assert done.stdout, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    (run,) = told["runs"]
    assert [each for each in run["invariants"] if not each["holds"]] == []
    assert done.returncode == 0
    assert len(run["invariants"]) >= 14
    assert run["kills"] == {"worker": KILLS, "web": 1}
    assert sum(run["states"].values()) == PAYMENTS
    assert run["faults"].keys() >= {"initialize drop_after_effect", "initialize error_after_effect"}
    assert run["replayed_by_key"] == 0, "Paystack has no keys"
    assert run["repeats"] > 0
    assert run["refunds"] > 0
    assert run["webhooks"]["lost"] > 0


def test_the_same_seed_asks_for_the_same_and_holds_one_of_everything() -> None:
    intents = drawn(7, "paystack", 500)

    assert intents == drawn(7, "paystack", 500)
    assert intents != drawn(8, "paystack", 500)
    keys = [key for each in intents for key in (each.key, each.verify_key, each.refund_key)]
    assert len(set(keys)) == 3 * len(intents)
    assert {each.refunding for each in intents} == set(Refunding)
    assert any(each.is_repeated for each in intents)
    assert any(each.is_twice_at_once for each in intents)
    assert any(each.reference is None for each in intents)


def test_kills_are_spread_and_end_before_the_last_payments() -> None:
    strikes = planned(20)

    assert [name for _, name in strikes].count(WORKER) == 20
    assert [name for _, name in strikes].count(WEB) == 4
    assert strikes == sorted(strikes)
    assert strikes[0].at_share > 0
    assert strikes[-1].at_share < LAST_SHARE
    assert planned(0) == []


def test_what_is_open_is_said_and_nothing_else() -> None:
    assert Counts(9, 0, 0, 0, 0, 0).open == ""
    assert Counts(9, 2, 0, 0, 1, 0).open == "2 unsettled, 1 live calls"
