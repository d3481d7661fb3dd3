"""A wrong secret is rotated in: refusals say why, the old key is put back, redelivery heals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from domain.announcement import Announcement
from domain.money import Money
from domain.signing import key_id
from tests.ingress.serving import SECRET, charge, serving, until
from workers.announce import announce
from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]

TYPO = "sk_test_a_secret_that_the_provider_has_never_heard_of"


def told(said: Said) -> Any:
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_a_wrong_secret_rotated_in_is_diagnosed_and_redelivery_heals(
    scene: Scene, redis_url: str, payratchet: Run
) -> None:
    asked = Announcement("top-up-1", "paystack", Money("NGN", 5_000), "ada")
    announce(scene.database, [asked], actor="operator:test")

    # The rotation: somebody pastes a wrong secret, and keeps the old one as retired.
    wrong = {"PAYSTACK_SECRET_KEY": TYPO, "PAYSTACK_RETIRED_SECRET": SECRET}
    with serving(scene.url, redis_url, environment=wrong) as door:
        assert [door.post(charge()).status for _ in range(3)] == [401, 401, 401]
        until(lambda: door.count("refused_requests") == 3)
        until(lambda: door.count("source_keys") == 1)

    # The complaint: charged, and no credit.
    verdict = told(payratchet("payments", "explain", "top-up-1", "--json"))["verdict"]
    assert verdict["rule"] == "perhaps_refused"
    assert "retired secret" in verdict["why"]
    [refused] = told(payratchet("refused", "list", "--json"))["items"]
    assert (refused["requests"], refused["code"]) == (3, "signature_invalid")
    assert "the provider still uses the old one" in refused["diagnosis"]
    [source] = told(payratchet("providers", "list", "--json"))["items"]
    assert [(key["key_id"], key["live"]) for key in source["keys"]] == [(key_id(TYPO), True)]
    assert source["silence"] == "nothing heard"
    assert scene.credit() == 0

    # The cure: the old secret again, beside the new one; the provider sends again by itself.
    with serving(
        scene.url, redis_url, environment={"PAYSTACK_SECRET_KEY": f"{TYPO},{SECRET}"}
    ) as door:
        again = door.post(charge())
        assert (again.status, again.json["status"]) == (200, "accepted")
        assert door.post(charge()).json["status"] == "duplicate"
    scene.drain()

    assert (scene.state("top-up-1"), scene.credit()) == ("completed", 5_000)
    after = told(payratchet("payments", "explain", "top-up-1", "--json"))["verdict"]
    assert after["rule"] == "completed"
    assert verify(scene.database).problems == []
