"""A deploy breaks a kind of event: it is set aside as one group, and replayed after the fix."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.workers.scene import capture
from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

VICTIMS = [f"p{number}" for number in range(1, 16)]
OTHERS = ["q1", "q2"]
PRICE_MINOR = 1_000

BREAK = """
    CREATE FUNCTION bad_deploy() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.reference LIKE 'p%%' THEN RAISE EXCEPTION 'division by zero coupons'; END IF;
        RETURN NEW;
    END $$;
    CREATE TRIGGER aa_bad_deploy BEFORE UPDATE ON payment_logs
        FOR EACH ROW EXECUTE FUNCTION bad_deploy()
"""
FIX = "DROP TRIGGER aa_bad_deploy ON payment_logs"


def told(said: Said) -> Any:
    assert said.code == 0, said.err
    return json.loads(said.out)


def break_down(scene: Scene) -> None:
    """Deploy the mistake; then money comes for fifteen payments that it hits, and for two others.

    Of the others one is paid in full, and one by another amount.
    """
    scene.announce(*VICTIMS, *OTHERS, amount_minor=PRICE_MINOR)
    scene.execute(BREAK)
    scene.hear(*(capture(each) for each in VICTIMS))
    scene.hear(capture("q1"), capture("q2", 1_250))
    scene.drain()
    assert scene.credit() == PRICE_MINOR


def test_a_group_that_a_deploy_broke_is_replayed_after_the_fix(
    scene: Scene, payratchet: Run
) -> None:
    break_down(scene)

    # One cause is one group, however many it hit; another one is another.
    groups = told(payratchet("dead-letters", "groups", "--json"))["items"]
    [group] = [each for each in groups if each["reason"] == "exhausted"]
    assert group["letters"] == len(VICTIMS)
    assert {each["reason"] for each in groups} == {"exhausted", "mismatch"}
    verdict = told(payratchet("payments", "explain", "p3", "--json"))["verdict"]
    assert verdict["rule"] == "set_aside:exhausted"
    assert "division by zero coupons" in verdict["why"]

    # Before the fix a rehearsal says that it would be in vain, and an attempt stops at its canary.
    replay = ("dead-letters", "replay", "--filter", f"fingerprint={group['fingerprint']}", "--json")
    in_vain = json.loads(payratchet(*replay, "--dry-run").out)
    assert (in_vain["succeeded"], in_vain["ledger_diff"]) == (0, {})
    too_early = payratchet(*replay, "--yes", "--reason", "try")
    stopped = json.loads(too_early.out)
    assert (too_early.code, stopped["aborted"], stopped["replayed"]) == (1, True, 1)

    scene.drain()  # workers give the canary up once more

    # The fix is deployed: rehearse, then replay all of them.
    scene.execute(FIX)
    rehearsed = told(payratchet(*replay, "--dry-run"))
    assert (rehearsed["matched"], rehearsed["succeeded"]) == (len(VICTIMS), len(VICTIMS))
    assert scene.credit() == PRICE_MINOR
    done = told(payratchet(*replay, "--yes", "--reason", "fixed in 1.2.1"))
    assert (done["matched"], done["succeeded"], done["failed"]) == (len(VICTIMS), len(VICTIMS), 0)
    assert done["ledger_diff"] == rehearsed["ledger_diff"]

    assert {scene.state(each) for each in VICTIMS} == {"completed"}
    assert scene.credit() == PRICE_MINOR * (len(VICTIMS) + 1)
    assert scene.state("q2") == "review"
    again = told(payratchet(*replay, "--yes", "--reason", "once more"))
    assert (again["matched"], again["replayed"]) == (0, 0)
    assert verify(scene.database).problems == []
