from __future__ import annotations

import asyncio

import httpcore
import pytest
from pydantic import ValidationError

from ingress.checked_network import AddressRefused, CheckedNetwork
from tests.hostile.listener import listening
from tests.hostile.outgoing import LOOPBACK_NAMES, REFUSED
from workers.settings import CallSettings

NOT_CONNECTED = (AddressRefused, httpcore.ConnectError, OSError)


@pytest.mark.parametrize("url", REFUSED)
def test_no_key_is_sent_to_an_address_that_is_not_plainly_a_providers(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        CallSettings(paystack_api_url=url)

    assert "password" not in str(refused.value)


def test_this_machine_is_not_asked_for_a_key_however_it_is_written() -> None:
    async def connect(host: str, port: int) -> None:
        stream = await CheckedNetwork(is_local=False).connect_tcp(host, port)
        await stream.aclose()

    with listening() as listener:
        for host in LOOPBACK_NAMES:
            with pytest.raises(NOT_CONNECTED):
                asyncio.run(connect(host, listener.port))

    assert listener.callers == []
