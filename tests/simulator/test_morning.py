"""The morning is the same for the same seed, and has all that a morning must have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from domain.errors import PayloadInvalid
from domain.providers import PROVIDERS
from tests.conformance.senders import BY_NAME
from tests.simulator import poison
from tests.simulator.forgery import Forgery
from tests.simulator.morning import Morning, recorded
from tests.simulator.signing import SIGNERS
from tests.simulator.stories import specials

if TYPE_CHECKING:
    from tests.simulator.notice import Notice

SEEDS = range(5)


@pytest.fixture(scope="module", params=SEEDS)
def morning(request: pytest.FixtureRequest) -> Morning:
    return recorded(request.param, payments=640)


def test_a_seed_is_one_morning() -> None:
    first, again, other = (recorded(seed, payments=60) for seed in (1, 1, 2))

    assert first.parcels == again.parcels
    assert first.parcels != other.parcels


def test_it_is_as_busy_as_was_promised(morning: Morning) -> None:
    total = len(morning.parcels)
    repeats = sum(parcel.is_repeat for parcel in morning.parcels)

    assert len(morning.books.sales) >= 600
    assert total >= 2_600
    assert repeats >= 0.3 * total


def test_every_provider_is_forged_in_every_way(morning: Morning) -> None:
    tried = {(p.notice.provider, p.forgery) for p in morning.parcels if p.forgery is not None}

    assert len(tried) == len(SIGNERS) * len(Forgery) - 1  # Paystack signs no time


def test_some_refunds_are_told_before_their_capture(morning: Morning) -> None:
    firsts: dict[str, str] = {}
    for parcel in sorted(morning.parcels, key=lambda each: each.due):
        if parcel.forgery is None and b"TOP-" in parcel.notice.body:
            said = BY_NAME[parcel.notice.provider].told(parcel.notice.body)
            if said.facts and said.reference:
                firsts.setdefault(said.reference, said.facts[0].kind)

    assert any(kind.startswith("refund") for kind in firsts.values())


def test_a_small_morning_has_one_of_everything() -> None:
    small = recorded(1, payments=40)

    assert len(specials(40)) < 40
    assert small.late
    assert small.never
    assert small.twice
    assert len(small.books.sales) == 40


@pytest.mark.parametrize("notice", poison.notices(), ids=list(poison.BODIES))
def test_poison_is_refused_by_a_careful_reader(notice: Notice) -> None:
    with pytest.raises(PayloadInvalid):
        PROVIDERS[notice.provider].parse(notice.body, "any")
