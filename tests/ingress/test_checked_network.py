from __future__ import annotations

import asyncio
import ipaddress

import httpcore
import pytest

from ingress.checked_network import AddressRefused, CheckedNetwork, is_public
from tests.ingress.key_server import key_server


@pytest.mark.parametrize("address", ["64.4.250.36", "2606:4700::1", "64:ff9b::4004:fa24"])
def test_an_address_of_the_outside_is_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1", "240.0.0.1", "198.18.0.1"),
        *("::1", "::", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1"),
        *("::ffff:169.254.169.254", "2002:a00:1::", "64:ff9b::a9fe:a9fe", "2001:db8::1"),
        *("::127.0.0.1", "::10.0.0.1"),
    ],
)
def test_an_address_of_this_machine_of_its_network_or_of_nobody_is_not(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_this_machine_is_connected_to_only_where_that_is_meant(host: str) -> None:
    async def connect(*, is_local: bool) -> None:
        stream = await CheckedNetwork(is_local=is_local).connect_tcp(host, server.port)
        await stream.aclose()

    with key_server() as server:
        with pytest.raises(AddressRefused):
            asyncio.run(connect(is_local=False))
        assert server.connections == 0
        asyncio.run(connect(is_local=True))


def test_where_this_machine_is_meant_no_other_may_answer() -> None:
    with pytest.raises(AddressRefused):
        asyncio.run(CheckedNetwork(is_local=True).connect_tcp("192.0.2.1", 80))


def test_a_port_where_nobody_listens_is_a_failure_like_any_other() -> None:
    with key_server() as server:
        port = server.port

    with pytest.raises(httpcore.ConnectError):
        asyncio.run(CheckedNetwork(is_local=True).connect_tcp("127.0.0.1", port))
