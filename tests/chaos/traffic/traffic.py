"""All traffic of a run, in threads of its own, and what its senders know to be true."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, NamedTuple

import uvloop

from tests.chaos.traffic import senders
from tests.chaos.traffic.attackers import Attackers
from tests.chaos.traffic.hasty import Hasty
from tests.chaos.traffic.operators import Operators
from tests.chaos.traffic.senders import Senders
from tests.chaos.traffic.shop import Shop
from tests.chaos.traffic.takings import Taken
from tests.chaos.traffic.webhooks import Webhooks
from tests.chaos.traffic.wire import Front, hang_up
from tests.demo.operator import Operator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.chaos.history import History
    from tests.chaos.options import Options
    from tests.chaos.traffic.ground import Ground
    from tests.chaos.traffic.journal import Checked, Journal

TURN_S = 0.005
"""Between two looks at what is due: the price of sending without a timer for each delivery."""

STOP_S_MAX = 10.0
LIMIT = "100000/second"
"""Far above what is asked: limits are not what is tried here."""


class Live(NamedTuple):
    """How the traffic goes, for progress.

    `sent` counts tries of webhooks, `events` the events of which at least one was sent, `acked`
    those with a 200. `waiting` are deliveries that are due and not answered for good; `late_s` is
    how long the oldest of them that was never sent has been due.
    """

    sent: int
    events: int
    acked: int
    refused: int
    unknown: int
    waiting: int
    late_s: float


class Traffic:
    """Everybody who talks to the service. Send times are decided by the seed, not by answers.

    Genuine events are sent again, with a new signature and on the other front, until they are
    answered 200; whatever else was answered stands in the history. `secrets` are those that clients
    were given and those exchanged, by name: no more to be logged than those of the environment.
    `client_id` is the shop's.
    """

    def __init__(self, stage: Ground, options: Options, history: History) -> None:
        self._stage = stage
        self._history = history
        self._senders = Senders(options.seed, stage.environment)
        self._fronts = _fronts(stage.ingress_urls)
        self._shop_fronts = _fronts(stage.ingress_urls)
        self._webhooks = Webhooks(
            self._fronts,
            self._senders,
            history,
            seed=options.seed,
            rate_per_s=options.rate_per_s,
            database_url=stage.database_url,
        )
        self.client_id = ""
        self.secrets: dict[str, str] = {}
        self._seed = options.seed
        self._orders_per_s = options.orders_per_s
        self._operator = Operator(stage.environment, stage.folder / "papers")
        self._shop: Shop | None = None
        self._operators = Operators(
            stage.database_url, stage.console_url, history, seed=options.seed
        )
        self._attackers = Attackers(stage.ingress_urls, history, seed=options.seed)
        self.hasty = Hasty(stage.ingress_urls, history)
        self._is_stopped = threading.Event()
        self._is_over = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)

    @staticmethod
    def settings(seed: int) -> dict[str, str]:
        """Return what every process must be told beside the usual: secrets of more providers.

        To be given to `stage.raised(settings=…)`.
        """
        return senders.settings(seed)

    def prepare(self) -> None:
        """Make the API's client and the operators, announce the first payments.

        Everything must be well while it runs. Raises LocalRunFailed.
        """
        told = self._operator.run(
            *("clients", "create", "lab", "--scope", "payments:write", "--scope", "credit:write"),
            *("--initialize", LIMIT, "--verify", LIMIT, "--reason", "the lab"),
        )
        self.client_id = told["client_id"]
        self.secrets["the shop's API key"] = told["key"]
        self._shop = Shop(
            self._shop_fronts,
            told["key"],
            self._history,
            seed=self._seed,
            per_s=self._orders_per_s,
        )
        self.hasty.prepare(self._operator)
        self.secrets["the API key of the hasty"] = self.hasty.api_key
        self._webhooks.prepare()

    def start(self) -> None:
        """Send from now on, until `stop`."""
        self._thread.start()
        self._operators.start()
        self._attackers.start()
        self.hasty.start()

    def stop(self) -> None:
        """Begin nothing new, and return at once; what is under way goes on until it is answered.

        Payments that have begun are told to their end, quicker than they would be.
        """
        self._is_stopped.set()
        self._operators.stop()
        self._attackers.stop()
        self.hasty.stop()

    def close(self) -> None:
        """End all threads, whether or not everything is answered."""
        self._is_over.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S_MAX)
        self._webhooks.announcer.close()
        self._operators.close()
        self._attackers.close()
        self.hasty.close()

    @property
    def is_idle(self) -> bool:
        """Whether everything that was begun is answered. Raises what the traffic failed of."""
        if self._failure is not None:
            raise self._failure
        shop, provider = self._shop, self._stage.provider
        if shop is None or not (
            self._webhooks.is_idle and shop.is_idle and self._operators.is_idle
        ):
            return False
        return not provider.deliveries.get("under way", 0)

    @property
    def journal(self) -> Journal:
        """What the shop asked and was told."""
        if self._shop is None:
            raise RuntimeError("the traffic is not prepared")
        return self._shop.journal

    @property
    def attacks(self) -> Checked:
        """How many hostile inputs were sent, and those that were not refused."""
        return self._attackers.checked

    @property
    def pages(self) -> Checked:
        """How often the console was looked at, and failures that it showed."""
        return self._operators.pages

    @property
    def slow(self) -> Checked:
        """How many slow clients there were, and those that were not thrown out in time."""
        return self._attackers.slow

    @property
    def forged_ids(self) -> list[str]:
        """The request ids of everything that was forged: no event may have one."""
        return self._senders.forged_ids

    @property
    def live(self) -> Live:
        """How it goes."""
        post = self._webhooks.post
        acked = len(self._history.acked)
        return Live(
            post.sent, post.events, acked, post.refused, post.unknown, post.waiting, post.late_s
        )

    def money(self) -> Iterator[Taken]:
        """Tell what providers have taken, by payment and currency.

        Both of webhook stories and of payments over the API. Only complete once it is idle.
        """
        yield from self._webhooks.takings.lines()
        for (reference, currency), sums in self._stage.provider.books.by_payment().items():
            provider = self._stage.provider.books.sales[reference].provider
            yield Taken(
                reference,
                provider,
                currency,
                sums.captured,
                sums.refunded,
                sums.charged_back,
                sums.fees,
            )

    def rotate_secret(self, provider: str, secret: str) -> None:
        """Sign what this provider sends from now on with another secret, retries included."""
        self.secrets[f"secret {len(self.secrets)}, of {provider}"] = secret
        self._senders.rotate(provider, secret)
        self._stage.provider.sign_with(provider, secret)

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._send())
        except BaseException as error:  # noqa: BLE001 - raised where somebody waits for us
            self._failure = error

    async def _send(self) -> None:
        assert self._shop is not None  # `start` follows `prepare`
        self._webhooks.begin()
        try:
            while not self._is_over.is_set():
                if self._is_stopped.is_set():
                    self._webhooks.stop()
                    self._shop.stop()
                self._webhooks.turn()
                self._shop.turn(self._webhooks.post.now_s)
                await asyncio.sleep(TURN_S)
        finally:
            self._shop.close()
            await hang_up([*self._fronts, *self._shop_fronts])


def _fronts(urls: Sequence[str]) -> list[Front]:
    return [Front(f"front-{number}", url) for number, url in enumerate(urls, 1)]
