"""Payments of which nothing was heard."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.operations.explaining import explain, follow
from tests.operations.working import working
from tests.workers.reconciling import Provider, Runs, transaction
from tests.workers.scene import PROVIDER, capture
from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]
    Explained = dict[str, Any]


def asked(scene: Scene) -> Runs:
    """A payment at a provider that can be asked, who has its money and whose webhook was lost."""
    runs = Runs(scene, Provider(items=[transaction(1)]))
    runs.announce([1])
    return runs


def paid_by_asking(scene: Scene) -> None:
    assert scene.state("p1") == "completed"
    assert scene.credit("customer-1") == 1_000
    assert verify(scene.database).problems == []


def test_a_reference_of_which_nothing_was_heard_is_unknown(payratchet: Run) -> None:
    said = payratchet("payments", "explain", "nothing", "--json")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("payment_unknown: ")


def test_nothing_was_ever_heard(scene: Scene, payratchet: Run) -> None:
    runs = asked(scene)

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "never_heard"
    with working(runs):
        follow(payratchet, explained)
    paid_by_asking(scene)


def test_its_webhooks_were_perhaps_refused(scene: Scene, payratchet: Run) -> None:
    runs = asked(scene)
    scene.execute(
        "INSERT INTO refused_requests (source, account, address, code, diagnosis, request_id,"
        " body_bytes) SELECT 'paystack', 'default', '10.0.0.1', 'signature_invalid',"
        " 'signed with a retired key', 'r', 1 FROM generate_series(1, 3)"
    )

    explained = explain(payratchet)

    assert explained["verdict"]["rule"] == "perhaps_refused"
    assert (
        "3 requests of its provider were refused: signature_invalid, signed with a retired"
        in (explained["verdict"]["why"])
    )
    [refused] = [each for each in explained["entries"] if each["kind"] == "refused"]
    assert refused["rule"] == "signature_invalid"
    assert refused["summary"].startswith("Perhaps related: 3 requests were refused")
    with working(runs):
        follow(payratchet, explained)
    paid_by_asking(scene)


def test_refused_requests_are_not_told_of_a_payment_that_was_heard_of(
    scene: Scene, payratchet: Run
) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    scene.execute(
        "INSERT INTO refused_requests (source, account, address, code, diagnosis, request_id,"
        " body_bytes) VALUES (%s, 'default', '10.0.0.1', 'signature_invalid', 'x', 'r', 1)",
        [PROVIDER],
    )

    assert "refused" not in [each["kind"] for each in explain(payratchet)["entries"]]
