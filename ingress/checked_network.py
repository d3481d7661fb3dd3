"""The network as requests for keys may use it: the outside, or this machine where that is meant.

The address that was checked is the one that is connected to, whatever the name says a moment later.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from typing import TYPE_CHECKING, Any

import httpcore

if TYPE_CHECKING:
    from collections.abc import Iterable

    Address = ipaddress.IPv4Address | ipaddress.IPv6Address

CONNECT_S = 0.7
"""Seconds to connect to one address."""

ADDRESSES_MAX = 3
"""Addresses of a host that are tried."""

IPV4_AT_THE_END = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("::/96"))
"""IPv6 addresses that end with the IPv4 address which they lead to, or led to once."""

IPV4_BITS = 32


class AddressRefused(Exception):
    """The host is where no provider can be."""


class CheckedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to public addresses and to no other; if `is_local`, to this machine's and no other.

    One address too many that is elsewhere refuses them all.
    """

    def __init__(self, *, is_local: bool) -> None:
        self._is_local = is_local
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the library's own signature
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Try the addresses in their order. Raises AddressRefused, or what the last one raised."""
        del timeout
        failed: Exception = httpcore.ConnectError("the host has no address")
        for address in await self._addresses(host, port):
            try:
                return await self._backend.connect_tcp(
                    address, port, CONNECT_S, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await self._backend.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        for address in addresses:
            if not self._may_be(ipaddress.ip_address(address)):
                msg = f"the host has the address {address}"
                raise AddressRefused(msg)
        return addresses[:ADDRESSES_MAX]

    def _may_be(self, address: Address) -> bool:
        return address.is_loopback if self._is_local else is_public(address)


def is_public(address: Address) -> bool:
    """Say whether the address, and one that it stands for, is of the outside."""
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if within is None and any(address in network for network in IPV4_AT_THE_END):
            within = ipaddress.IPv4Address(int(address) % 2**IPV4_BITS)
        if within is not None:
            return is_public(within)
    return address.is_global and not address.is_multicast
