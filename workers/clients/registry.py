"""Which provider accounts can be asked: those that have a key here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from domain.providers.look_ups import LOOK_UPS
from workers.clients import paystack, stripe
from workers.clients.look_up import LookUpClient
from workers.clients.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType
    from typing import Self

    from domain.providers.api import Pairs
    from workers.clients.client import ProviderClient
    from workers.look_up_accounts import LookUpAccount
    from workers.settings import CallSettings


class Clients:
    """The clients of one process, one for each account, made once and shared by its threads."""

    def __init__(self, settings: CallSettings) -> None:
        self._transports: list[Transport] = []
        self._found: dict[tuple[str, str], ProviderClient] = {}
        self._at_once_max = max(1, settings.call_threads // 2)
        for (provider, account), key in settings.accounts.items():
            secret = key.get_secret_value()
            transport = self._way(settings.base_url(provider), _HEADERS[provider](secret))
            self._found[provider, account] = _CLIENTS[provider](transport, secret)
        for (provider, account), each in settings.look_ups.items():
            self._found[provider, account] = self._look_up(provider, each)

    def _look_up(self, provider: str, account: LookUpAccount) -> ProviderClient:
        """Return a client that only asks; its dialect shows the key with each request."""
        transport = self._way(account.url, ())
        tokens = self._way(account.tokens_url, ()) if account.tokens_url else None
        return LookUpClient(LOOK_UPS[provider], account, transport, tokens)

    def _way(self, url: str, headers: Pairs) -> Transport:
        transport = Transport(url, headers, at_once_max=self._at_once_max)
        self._transports.append(transport)
        return transport

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Go through (provider, account) of all that have a key."""
        return iter(self._found)

    def find(self, provider: str, account: str) -> ProviderClient | None:
        """Return the account's client, or None where no key of it is set."""
        return self._found.get((provider, account))

    def close(self) -> None:
        """Close the connections that wait for another call."""
        for transport in self._transports:
            transport.close()

    def __enter__(self) -> Self:
        """Give the clients."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close."""
        self.close()


_CLIENTS: dict[str, Callable[[Transport, str], ProviderClient]] = {
    "paystack": paystack.client,
    "stripe": stripe.client,
}
_HEADERS: dict[str, Callable[[str], Pairs]] = {
    "paystack": paystack.headers,
    "stripe": stripe.headers,
}
