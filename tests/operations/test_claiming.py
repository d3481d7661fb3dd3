"""Money that came for nobody becomes somebody's only as one person, or two, may say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from domain.operators import Role
from tests.operations import people
from tests.operations.limits import set_limit
from tests.workers.scene import PROVIDER, capture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

CLAIM = (
    *("payments", "create", "--provider", PROVIDER, "--reference", "lost-1"),
    *("--amount-minor", "1000", "--currency", "NGN", "--customer-id", "eve", "--json"),
)
LITTLE = "999"


@pytest.mark.parametrize("let_go", [False, True])
def test_much_money_that_waits_is_given_to_a_customer_by_two_people(
    payratchet: Run, scene: Scene, database_url: str, *, let_go: bool
) -> None:
    [event_id] = scene.hear(capture("lost-1", 1_000, "T77"))
    if let_go:
        payratchet("dead-letters", "discard", str(scene.letter_id(event_id)))

    set_limit(database_url, LITTLE)
    asked = payratchet(*CLAIM)
    scene.drain()
    before = (scene.credit("eve"), scene.value("SELECT count(*) FROM payment_logs"))
    approval_id = str(json.loads(asked.out)["approval_id"])
    token = people.appoint(database_url, "bo", Role.APPROVER)
    agreed = payratchet("approvals", "approve", approval_id, PAYRATCHET_OPERATOR_TOKEN=token)
    scene.drain()

    assert (asked.code, json.loads(asked.out)["moves"]) == (1, {"NGN": 1_000})
    assert before == (0, 0)
    assert agreed.code == 0, agreed.err
    assert scene.credit("eve") == (0 if let_go else 1_000)
    assert "agreed to by operator:bo" in scene.value("SELECT announced_by FROM payment_logs")


def test_what_one_person_may_move_is_announced_at_once(payratchet: Run, scene: Scene) -> None:
    scene.hear(capture("lost-1", 1_000, "T77"))
    set_limit(scene.url, "1000")

    said = payratchet(*CLAIM)
    scene.drain()

    assert (said.code, scene.credit("eve")) == (0, 1_000)


def test_who_asks_again_for_want_of_an_answer_has_moved_it_once(
    payratchet: Run, scene: Scene
) -> None:
    scene.hear(capture("lost-1", 1_000, "T77"))
    set_limit(scene.url, "1000")

    said = [payratchet(*CLAIM) for _ in range(2)]

    assert [each.code for each in said] == [0, 0]
    assert scene.value("SELECT sum(amount_minor)::bigint FROM operator_moves") == 1_000


def test_before_its_money_comes_a_payment_of_any_size_is_announced(
    payratchet: Run, scene: Scene
) -> None:
    set_limit(scene.url, "0")

    said = payratchet(*CLAIM)

    assert (said.code, scene.state("lost-1")) == (0, "pending")


def test_many_at_once_are_refused_where_much_waits_for_them(
    payratchet: Run, scene: Scene, tmp_path: Path
) -> None:
    scene.hear(capture("a1", 600, "T1"), capture("a2", 600, "T2"))
    file = tmp_path / "payments.jsonl"
    asked = {"provider": PROVIDER, "amount_minor": 600, "currency": "NGN", "customer_id": "eve"}
    lines = [json.dumps({**asked, "reference": each}) for each in ("a1", "a2")]
    file.write_text("\n".join(lines))

    set_limit(scene.url, LITTLE)

    said = payratchet("payments", "create", "--file", str(file), "--yes")

    assert said.code == 1
    assert said.err.startswith("claim_too_large: ")
    assert scene.value("SELECT count(*) FROM payment_logs") == 0
