"""The service's own clients against the simulator over HTTP: they understand one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from domain.asking import Asking, RefundAsking
from domain.errors import OutcomeUnknown, ProviderAway, ProviderRefused, ReferenceTaken
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from tests.conformance.senders import BY_NAME
from tests.simulator.provider import KEY, Provider, simulated
from workers.clients import paystack, stripe
from workers.clients.limits import Limits
from workers.clients.paystack import PaystackClient
from workers.clients.stripe import StripeClient
from workers.clients.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.asking import Told
    from workers.clients.client import ProviderClient

QUICK = Limits(connect_s=1.0, read_s=0.5, call_s=0.8, repeats_s=3.0, pause_s=0.01, pause_s_max=0.1)
_LOST = ("drop_after_effect", "reset", "truncated", "wrong_json", "html", "error_after_effect")
_UNCLEAR = frozenset({"wrong_json", "html"})
"""Of these, answers that come whole and are not understood: not asked for again at once."""
PROVIDER_NAMES = ("paystack", "stripe")


class Scene(NamedTuple):
    """A client, and the simulator it asks."""

    client: ProviderClient
    provider: Provider

    def initialize(self, reference: str = "ORD-1") -> Told:
        return self.client.initialize(asking(reference), key=f"init-{reference}")

    def told(self, reference: str = "ORD-1", *names: str) -> Told:
        return self.client.look_up(asking(reference, *names))

    def pay(self, reference: str = "ORD-1") -> str:
        """Pay, and return what the provider calls the capture."""
        self.provider.pay(reference)
        capture_id = self.provider.books.captures[-1].capture_id
        return capture_id if self.client.name == "stripe" else str(int(capture_id[3:], 16))

    def refund(self, capture_id: str, amount_minor: int, name: str = "R-1") -> Told:
        made = RefundAsking(asking("ORD-1"), name, Money("USD", amount_minor), capture_id)
        return self.client.refund(made, key=name)


@pytest.fixture(params=PROVIDER_NAMES)
def scene(request: pytest.FixtureRequest) -> Iterator[Scene]:
    with simulated(seed=11) as provider:
        made: dict[
            str, tuple[str, type[PaystackClient | StripeClient], tuple[tuple[str, str], ...]]
        ]
        made = {
            "paystack": (provider.url_paystack, PaystackClient, paystack.headers(KEY)),
            "stripe": (provider.url_stripe, StripeClient, stripe.headers(KEY)),
        }
        url, kind, headers = made[request.param]
        transport = Transport(url, headers, at_once_max=4, limits=QUICK)
        try:
            yield Scene(kind(transport), provider)
        finally:
            transport.close()


def asking(reference: str, *names: str) -> Asking:
    money = Money("USD", 10_000)
    return Asking(reference, money, "cust_1", names, "ada@shop.example", "https://shop.example/")


def names_of(told: Told) -> tuple[str, ...]:
    """Return what the service would know the payment by."""
    return tuple(dict.fromkeys(fact.object_id for fact in told.facts))


def hooked(provider: Provider, name: str) -> set[Fact]:
    """Return the facts that the webhooks told."""
    return {
        fact
        for notice in provider.notices
        if notice.provider == name
        for fact in BY_NAME[name].told(notice.body).facts
    }


def keys(facts: object) -> set[object]:
    return {(fact.kind, fact.object_id, fact.status, fact.amount) for fact in facts}  # type: ignore[attr-defined]


def test_a_payment_is_started_and_has_a_page(scene: Scene) -> None:
    told = scene.initialize()

    assert told.authorization_url is not None
    assert told.authorization_url.startswith(scene.provider.url)
    assert [fact.kind for fact in told.facts] == [FactKind.INITIALIZED]
    assert scene.provider.books.sales["ORD-1"].amount_minor == 10_000


def test_asking_tells_what_the_webhook_told(scene: Scene) -> None:
    names = names_of(scene.initialize())
    scene.pay()

    told = scene.told("ORD-1", *names)

    asked = keys(f for f in told.facts if f.kind is FactKind.SUCCEEDED)
    heard = keys(hooked(scene.provider, scene.client.name))
    assert asked
    assert asked <= heard
    assert told.is_final


def test_a_payment_that_waits_is_not_final(scene: Scene) -> None:
    names = names_of(scene.initialize())

    told = scene.told("ORD-1", *names)

    assert told.is_known
    assert not told.is_final
    assert not any(fact.kind is FactKind.SUCCEEDED for fact in told.facts)


def test_what_will_not_be_paid_is_final(scene: Scene) -> None:
    names = names_of(scene.initialize())
    act = {"paystack": "abandon", "stripe": "expire"}[scene.client.name]
    scene.provider.act("ORD-1", act)

    told = scene.told("ORD-1", *names)

    assert told.is_final
    assert [fact.kind for fact in told.facts] == [FactKind.FAILED]


def test_a_refund_is_pending_then_told_as_its_webhook_told_it(scene: Scene) -> None:
    names = names_of(scene.initialize())
    capture_id = scene.pay()
    made = scene.refund(capture_id, 4_000)
    (pending,) = made.refunds
    scene.provider.settle(pending.provider_refund_id)

    told = scene.told("ORD-1", *names)

    (settled,) = told.refunds
    assert (pending.status, settled.status) == (FactStatus.PENDING, FactStatus.SUCCEEDED)
    assert settled.ours == "R-1"
    refunds = keys(f for f in told.facts if f.kind is FactKind.REFUND)
    assert refunds
    assert refunds <= keys(hooked(scene.provider, scene.client.name))


def test_more_than_is_left_is_refused(scene: Scene) -> None:
    scene.initialize()
    capture_id = scene.pay()

    with pytest.raises(ProviderRefused):
        scene.refund(capture_id, 10_001)


def test_the_list_has_what_was_paid_newest_first(scene: Scene) -> None:
    for number in range(3):
        scene.initialize(f"ORD-{number}")
        scene.pay(f"ORD-{number}")

    page = scene.client.page(since_s=0, until_s=2**31, cursor=None)

    assert [each.reference for each in page.items] == ["ORD-2", "ORD-1", "ORD-0"]
    assert {each.amount for each in page.items} == {Money("USD", 10_000)}
    assert page.next_cursor is None


@pytest.mark.parametrize("behaviour", _LOST)
def test_an_answer_that_is_lost_leaves_one_sale_and_a_way_on(scene: Scene, behaviour: str) -> None:
    scene.provider.set_faults(f"initialize:{behaviour}:@1")

    if scene.client.keys_live_s:
        if behaviour in _UNCLEAR:
            with pytest.raises(OutcomeUnknown):
                scene.initialize()
        assert scene.initialize().authorization_url
    else:
        with pytest.raises(OutcomeUnknown):
            scene.initialize()
        with pytest.raises(ReferenceTaken):
            scene.initialize()
        assert scene.told("ORD-1").is_known
    assert len(scene.provider.books.sales) == 1


def test_a_call_that_hangs_is_given_up_and_its_key_is_taken_meanwhile(scene: Scene) -> None:
    scene.provider.set_faults("initialize:hang:@1:2")

    with pytest.raises(OutcomeUnknown):
        scene.initialize()

    statuses = {call.status for call in scene.provider.journal.of("initialize")}
    assert statuses == ({200, 409} if scene.client.keys_live_s else {200})
    assert len(scene.provider.books.sales) == 1


def test_who_is_asked_to_wait_has_had_no_effect(scene: Scene) -> None:
    scene.provider.set_faults("initialize:refuse_429:1:60")

    with pytest.raises(ProviderAway):
        scene.initialize()

    assert not scene.provider.books.sales
