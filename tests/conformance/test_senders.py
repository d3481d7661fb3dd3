"""Every dialect has a sender, and the other way round."""

from __future__ import annotations

from pathlib import Path

from domain.delivery import Hearsay, ProviderEvent
from domain.facts import FactKind
from domain.money import Money
from domain.providers import PROVIDERS
from tests.conformance import senders
from tests.conformance.cases import every_sender
from tests.conformance.sender import AMOUNT_MINOR, Sale, Sender
from tests.conformance.senders import SENDERS

PROVIDERS_COUNT = 31


def test_every_provider_has_a_sender_and_every_sender_a_provider() -> None:
    assert [sender.name for sender in SENDERS] == sorted(PROVIDERS)
    assert len(PROVIDERS) == PROVIDERS_COUNT


def test_a_provider_is_found_by_the_name_it_bears_and_a_sender_by_its_file() -> None:
    assert all(name == provider.name for name, provider in PROVIDERS.items())
    files = {path.stem for path in Path(senders.__path__[0]).glob("*.py")} - {"__init__"}
    assert files == {name.replace("-", "_") for name in PROVIDERS}


@every_sender
def test_a_sale_is_one_success_of_its_amount_or_a_question(sender: Sender) -> None:
    request = sender.request()
    (event,) = sender.verify(request).events
    said = sender.provider.parse(request.body, event.key)

    assert event.readable
    if sender.provider.card.refetch == "required":
        assert isinstance(said, Hearsay)
        assert said.reference is not None or said.object_id is not None
        return
    assert isinstance(said, ProviderEvent)
    successes = [fact for fact in said.facts if fact.kind is FactKind.SUCCEEDED]
    assert [fact.amount for fact in successes] == [Money(sender.currency, AMOUNT_MINOR)]
    assert (said.reference, event.reference) == ("ORD-1", "ORD-1")


@every_sender
def test_a_retry_is_the_same_event_and_another_sale_is_another_one(sender: Sender) -> None:
    first = sender.verify(sender.request()).events
    again = sender.verify(sender.request()).events
    other = sender.payload(Sale(reference="ORD-2", currency=sender.currency, number=302_962))

    assert first == again
    assert {event.key for event in first}.isdisjoint(
        event.key for event in sender.verify(sender.request(other)).events
    )


@every_sender
def test_a_dialect_as_declared_is_what_its_card_says(sender: Sender) -> None:
    card = sender.provider.card

    assert card.covers == sender.covers
    assert card.refetch == "required" or card.covers != "nothing"
    assert card.sources
    assert card.confidence == "high" or card.doubts
