"""The simulated provider for tests: a thread that serves both APIs, and what a test does to it.

with simulated(seed=1, faults=["initialize:drop_after_effect:0.05"]) as provider:
    ...  # PAYSTACK_API_URL=provider.url_paystack, STRIPE_API_URL=provider.url_stripe
    provider.pay("ORD-1")
"""

from __future__ import annotations

import contextlib
import os
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.simulator.api import fault
from tests.simulator.api.control_acts import Acts
from tests.simulator.api.customers import Habits
from tests.simulator.api.post_office import Postage
from tests.simulator.api.serving import Server
from tests.simulator.api.world import Rules, World
from tests.simulator.signing import SECRET_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tests.simulator.api.checkout import Checkout
    from tests.simulator.api.fault import Fault
    from tests.simulator.api.journal import Journal
    from tests.simulator.books import Books
    from tests.simulator.notice import Notice

KEY = "sk_test_simulated"
"""An API key that is accepted unless the rules name another: any other is too."""

WAIT_S = 10.0
LOOK_S = 0.01

WAITING = Habits(decide=False, settle=False)
"""Nothing happens by itself: the test decides for customers and banks."""


class Provider:
    """A simulator that runs."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._acts = Acts(server.world)
        self.url = server.origin
        self.url_paystack = f"{self.url}/paystack"
        self.url_stripe = f"{self.url}/stripe"
        self.url_control = f"{self.url}/control"

    @property
    def seed(self) -> int:
        """What its chance began with."""
        return self._server.world.rules.seed

    @property
    def books(self) -> Books:
        """What it took, gave back and kept; read it when nothing is going on."""
        return self._server.world.books

    @property
    def journal(self) -> Journal:
        """Every call of its APIs."""
        return self._server.world.journal

    @property
    def notices(self) -> Sequence[Notice]:
        """What it has told, whether or not it was delivered."""
        return self._server.world.notices

    @property
    def deliveries(self) -> Mapping[str, int]:
        """How webhooks have gone: posted, delivered, lost, under way, every status answered."""
        return self._server.do(self._server.world.deliveries)

    @property
    def kept_errors(self) -> tuple[str, ...]:
        """Keys of requests that Stripe answers with the same error for a day."""
        kept = self._server.do(lambda: dict(self._server.world.kept))
        return tuple(
            key
            for (_, key), each in kept.items()
            if each.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        )

    def checkouts(self, provider: str) -> list[Checkout]:
        """Return the sales that were opened over one provider's API, oldest first."""
        return self._server.do(
            lambda: list(self._server.world.counters[provider].checkouts.values())
        )

    def pay(self, reference: str, **options: Any) -> dict[str, Any]:
        """Pay; options are `provider`, `amount_minor`, `currency` and `again`."""
        return self.act(reference, "pay", **options)

    def act(self, reference: str, act: str, **options: Any) -> dict[str, Any]:
        """Do `pay|fail|abandon|hold|expire|dispute|win|lose` to the newest sale of a reference.

        Raises Unknown or NotPossible.
        """
        return self._server.do(lambda: self._acts.transaction(reference, act, options))

    def settle(self, refund_id: str, *, done: bool = True) -> dict[str, Any]:
        """End a refund, by Stripe's id or Paystack's number. Raises Unknown or NotPossible."""
        act = "settle" if done else "fail"
        return self._server.do(lambda: self._acts.refund(refund_id, act))

    def set_faults(self, *faults: str | Fault) -> None:
        """Set faults instead of all others; none: everything goes well from now on."""
        read = _read(faults)
        self._server.do(lambda: self._server.world.script.set(read))

    def sign_with(self, provider: str, secret: str) -> None:
        """Sign this provider's webhooks with another secret, those too that wait for a retry."""
        post = self._server.post
        if post is not None:
            self._server.do(lambda: post.sign_with(provider, secret))

    def advance(self, by_s: float) -> None:
        """Let time pass at the provider."""
        self._server.do(lambda: self._server.world.clock.advance(by_s))

    def wait_until(self, is_so: Callable[[], object], *, within_s: float = WAIT_S) -> None:
        """Wait for something that customers or banks do. Raises TimeoutError."""
        give_up_at_s = time.monotonic() + within_s
        while not is_so():
            if time.monotonic() > give_up_at_s:
                raise TimeoutError("it has not come to pass")
            time.sleep(LOOK_S)

    def wait_until_delivered(self, *, within_s: float = WAIT_S) -> None:
        """Wait until no webhook is on its way. Raises TimeoutError."""
        post = self._server.post
        if post is not None:
            self.wait_until(lambda: post.is_idle, within_s=within_s)


@contextlib.contextmanager
def simulated(
    *,
    seed: int = 1,
    webhooks_url: str | None = None,
    faults: Iterable[str | Fault] = (),
    customers: str | Habits = "none",
    environment: Mapping[str, str] | None = None,
    **options: Any,
) -> Iterator[Provider]:
    """Run a simulator in a thread, on a free port of the loopback.

    `customers` is "auto", "none" (nor do banks settle by themselves) or their habits. Webhooks are
    signed with the secrets of `environment`, which is the process's own by default. Further options
    are those of `Rules` (`key`, `untouched`, `unnamed_refunds`) and of `Postage` (`lose_share`,
    `double_share`, `delay_s`).
    """
    habits = (
        {"auto": Habits(), "none": WAITING}[customers] if isinstance(customers, str) else customers
    )
    postal = {
        name: options.pop(name)
        for name in ("lose_share", "double_share", "delay_s")
        if name in options
    }
    world = World(Rules(seed, habits=habits, **options), _read(faults))
    postage = None
    if webhooks_url is not None:
        secrets = secrets_in(os.environ if environment is None else environment)
        postage = Postage(webhooks_url, secrets, **postal)
    server = Server(world, postage)
    with server.in_thread():
        yield Provider(server)


def secrets_in(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the newest secret of every provider that has one."""
    return {
        provider: environment[name].partition(",")[0]
        for provider, name in SECRET_SETTINGS.items()
        if environment.get(name)
    }


def _read(faults: Iterable[str | Fault]) -> list[Fault]:
    return [fault.parsed(each) if isinstance(each, str) else each for each in faults]
