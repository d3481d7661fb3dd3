"""A look-up that fails proves nothing, says why, and asks no more than it must."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.asking import RefundAsking
from domain.errors import OutcomeUnknown, ProviderAway, ProviderForbids, ProviderRefused
from domain.facts import FactKind
from domain.money import Money
from domain.providers.api import AnswerUnclear
from tests.clients.looking_up import SLUGS, Asker, by_hint, by_name, kinds
from tests.simulator.api.lookups.serving import LookUps, simulated_lookups

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workers.clients.look_up import LookUpClient

WITH_TOKENS = ["flutterwave-v4", "mpesa-daraja", "paypal"]
each_provider = pytest.mark.parametrize("slug", SLUGS)


@pytest.fixture
def there() -> Iterator[LookUps]:
    with simulated_lookups() as running:
        yield running


@pytest.fixture
def asker(there: LookUps) -> Iterator[Asker]:
    with Asker(there) as made:
        yield made


def with_token(there: LookUps, asker: Asker, slug: str) -> LookUpClient:
    """Return a client that has its token already, where it needs one."""
    client = asker.client(slug)
    sale = there.pay(slug, "ORD-0", 1)
    client.look_up(by_hint(slug, sale))
    return client


@each_provider
@pytest.mark.parametrize(
    ("faults", "error"),
    [
        (["401", "401"], ProviderForbids),
        (["429"], ProviderAway),
        (["500", "500", "500"], OutcomeUnknown),
        (["slow", "slow", "slow"], OutcomeUnknown),
        (["html"], AnswerUnclear),
        (["list"], AnswerUnclear),
        (["empty"], AnswerUnclear),
    ],
)
def test_what_is_no_answer_is_told_apart(
    there: LookUps, asker: Asker, slug: str, faults: list[str], error: type[Exception]
) -> None:
    client = with_token(there, asker, slug)
    sale = there.pay(slug, "ORD-1", 125_000)
    there.faults[slug] = [*faults, *faults]

    with pytest.raises(error):
        client.look_up(by_hint(slug, sale))


@each_provider
def test_what_fails_by_itself_is_asked_again(there: LookUps, asker: Asker, slug: str) -> None:
    client = with_token(there, asker, slug)
    sale = there.pay(slug, "ORD-1", 125_000)
    there.faults[slug] = ["500"]

    assert kinds(client.look_up(by_hint(slug, sale))) == [
        (FactKind.SUCCEEDED, "succeeded", 125_000)
    ]


@each_provider
def test_a_wrong_key_is_refused_as_such(there: LookUps, asker: Asker, slug: str) -> None:
    stem = slug.upper().replace("-", "_")
    key = there.desks[slug].key
    wrong = asker.client(slug, **{f"{stem}_API_KEY": key[:-2] + key[-1] + "9"})
    sale = there.pay(slug, "ORD-1", 125_000)

    with pytest.raises(ProviderForbids):
        wrong.look_up(by_hint(slug, sale))


@each_provider
def test_nothing_but_asking_is_offered_and_nothing_is_sent(
    there: LookUps, asker: Asker, slug: str
) -> None:
    client = asker.client(slug)
    asking = by_name(there.pay(slug, "ORD-1", 125_000))
    refund = RefundAsking(asking, "RF-1", Money("USD", 1), "1")

    for offered in (
        lambda: client.initialize(asking, key="k"),
        lambda: client.refund(refund, key="k"),
        lambda: client.cancel(asking, key="k"),
        lambda: client.page(since_s=0, until_s=1, cursor=None),
    ):
        with pytest.raises(ProviderRefused) as caught:
            offered()
        assert caught.value.provider_code.endswith("_unsupported")
    assert (client.name, client.keys_live_s, client.can_cancel) == (slug, 0.0, False)
    assert there.heard == []


@each_provider
def test_a_look_up_changes_nothing_and_shows_the_key_in_no_address(
    there: LookUps, asker: Asker, slug: str
) -> None:
    sale = there.pay(slug, "ORD-1", 125_000)
    asker.told(slug, by_hint(slug, sale))

    for asked in there.asked(slug):
        assert asked.method in ("GET", "POST")
        is_secret = slug != "interswitch"
        assert not is_secret or there.desks[slug].key not in (*asked.query.values(), *asked.path)


@pytest.mark.parametrize("slug", WITH_TOKENS)
def test_a_token_is_asked_for_once(there: LookUps, asker: Asker, slug: str) -> None:
    client = asker.client(slug)
    for number in range(3):
        client.look_up(by_hint(slug, there.pay(slug, f"ORD-{number}", 1)))

    assert there.desks[slug].tokens_made == 1


@pytest.mark.parametrize("slug", WITH_TOKENS)
def test_a_token_that_is_about_to_end_is_not_used(there: LookUps, asker: Asker, slug: str) -> None:
    there.desks[slug].token_lives_s = 59
    client = asker.client(slug)
    for number in range(2):
        client.look_up(by_hint(slug, there.pay(slug, f"ORD-{number}", 1)))

    assert there.desks[slug].tokens_made >= 2


@pytest.mark.parametrize("slug", WITH_TOKENS)
def test_a_token_that_is_accepted_no_more_is_changed_for_a_new_one(
    there: LookUps, asker: Asker, slug: str
) -> None:
    client = with_token(there, asker, slug)
    there.desks[slug].tokens.clear()
    sale = there.pay(slug, "ORD-1", 125_000)

    assert client.look_up(by_hint(slug, sale)).reference == "ORD-1"
    assert there.desks[slug].tokens_made == 2


@pytest.mark.parametrize("slug", WITH_TOKENS)
@pytest.mark.parametrize("fault", ["html", "empty", "list"])
def test_what_is_no_token_is_not_used_as_one(
    there: LookUps, asker: Asker, slug: str, fault: str
) -> None:
    there.faults[slug] = [fault]
    sale = there.pay(slug, "ORD-1", 125_000)

    with pytest.raises(AnswerUnclear):
        asker.told(slug, by_hint(slug, sale))
    assert len(there.asked(slug)) == 1


def test_a_payment_of_which_no_name_is_known_is_not_asked_about(
    there: LookUps, asker: Asker
) -> None:
    sale = there.pay("mollie-classic", "ORD-1", 125_000)

    with pytest.raises(OutcomeUnknown):
        asker.told("mollie-classic", by_name(sale, names=("ORD-1", "cs_1")))
    assert there.heard == []


def test_a_conversation_without_an_end_is_broken_off(there: LookUps, asker: Asker) -> None:
    for number in range(300):
        there.pay("plaid", f"ORD-{number}", 1)

    with pytest.raises(OutcomeUnknown):
        asker.told("plaid", by_name(replace(there.pay("plaid", "x", 1), reference="ORD-none")))
    assert len(there.asked("plaid")) <= 12
