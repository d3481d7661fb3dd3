"""A noisy neighbour: what a quiet account waits for while another sends a hundred times as much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from domain.announcement import Announcement
from domain.money import Money
from tests.bench import checks
from tests.bench.load import offer
from tests.bench.load.offer import Offer
from tests.bench.measures import delays
from tests.bench.measures.scene import ALL, Scene, scene, target
from tests.bench.stage import supply
from workers.announce import announce
from workers.database import Database

if TYPE_CHECKING:
    from pathlib import Path

    from tests.bench.load.sent import Sent
    from tests.bench.load.target import Target
    from tests.bench.measures.delays import Delays
    from tests.bench.stage.run import Run

NAME = "noisy_neighbour"
QUIET = "quiet"
LOUD = "loud"
SECRET = {"web": {"PAYSTACK__QUIET_WEBHOOK_SECRET": supply.SECRET}}
QUIET_PER_S = 20
TIMES_AS_LOUD = 100
FOR_S = 15
WARM_UP_S = 2
WARM_UP_PER_S = 200
QUIET_CUSTOMERS = 100


@dataclass(frozen=True, slots=True)
class Noisy:
    """The delays of the quiet account, alone and beside the loud one, and those of the loud one."""

    alone: Delays
    beside: Delays
    loud: Delays
    sent: Sent


def measure(
    run: Run, *, quiet_per_s: int = QUIET_PER_S, times: int = TIMES_AS_LOUD, for_s: int = FOR_S
) -> Noisy:
    """Return the delays of a quiet account of a provider, without and with a loud one beside it.

    The two have customers of their own, so that they share no balance.
    """
    with scene(run, NAME) as on, on.ours(ALL, extra=SECRET) as running:
        quiet, loud = target(running, QUIET), target(running)
        out = run.folder / f"{NAME}.sent"
        _, warm_up_offer = _loud(on, loud, WARM_UP_PER_S, WARM_UP_S)
        warm_up = offer.send([warm_up_offer], seed=run.seed + 1, out=out)
        on.until_drained(running)

        numbers, quiet_offer = _quiet(on, quiet, quiet_per_s, for_s)
        run.grounds.settle()
        lone = offer.send([quiet_offer], seed=run.seed, out=out)
        on.until_drained(running)
        alone = delays.of(on, numbers, lone, QUIET)

        numbers, quiet_offer = _quiet(on, quiet, quiet_per_s, for_s)
        loud_numbers, loud_offer = _loud(on, loud, quiet_per_s * times, for_s)
        run.grounds.settle()
        both = offer.send([quiet_offer, loud_offer], seed=run.seed, out=out)
        on.until_drained(running)
        beside = delays.of(on, numbers, both, QUIET)
        noise = delays.of(on, loud_numbers, both, LOUD)

        heard = (warm_up.of(LOUD), lone.of(QUIET), both.of(QUIET), both.of(LOUD))
        checks.check(run, NAME, on.database_url, sum(each.acknowledged for each in heard))
        return Noisy(alone, beside, noise, both)


def _loud(on: Scene, to: Target, rate_per_s: int, for_s: int) -> tuple[range, Offer]:
    numbers, requests = on.paid(rate_per_s * for_s)
    return numbers, Offer(LOUD, to, requests, rate_per_s, len(numbers))


def _quiet(on: Scene, to: Target, rate_per_s: int, for_s: int) -> tuple[range, Offer]:
    numbers = on.run.numbers.take(rate_per_s * for_s)
    database = Database(on.database_url, name="bench")
    announce(database, [_announcement(number) for number in numbers], actor=supply.ACTOR)
    database.close()
    return numbers, Offer(QUIET, to, _written(on, numbers), rate_per_s, len(numbers))


def _announcement(number: int) -> Announcement:
    return Announcement(
        supply.reference(number),
        supply.PROVIDER,
        Money(supply.CURRENCY, supply.AMOUNT_MINOR),
        f"quiet-{number % QUIET_CUSTOMERS}",
        account=QUIET,
        client_id="bench",
    )


def _written(on: Scene, numbers: range) -> Path:
    file = on.file().with_suffix(f".{QUIET}")
    supply.write(file, map(supply.delivery, numbers))
    return file
