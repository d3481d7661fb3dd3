"""Senders: how each provider of the lab writes a delivery, with the secret that it has now."""

from __future__ import annotations

import hashlib
import time
from types import MappingProxyType
from typing import TYPE_CHECKING

from tests.conformance.posting import stem_of, variables
from tests.conformance.senders import BY_NAME
from tests.simulator.forgery import forged
from tests.simulator.notice import Notice
from tests.simulator.signing import SIGNERS, Signable, secrets_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.chaos.traffic.events import Delivery
    from tests.conformance.sender import Sale as SenderSale

PLAIN = ("checkout-com", "square", "paddle-billing", "polar")
"""Providers beside those of the simulator that tell of captures alone. Each proves itself another
way: by the body, by address and body, by time and body, by a message's id, time and body."""


def settings(seed: int) -> dict[str, str]:
    """Return the variables by which the service knows the plain providers, the same by seed."""
    told: dict[str, str] = {}
    for name in PLAIN:
        told |= variables(BY_NAME[name])
        told[f"{stem_of(name)}_WEBHOOK_SECRET"] = _secret(seed, name)
    return told


def plain_notice(provider: str, sale: SenderSale) -> Notice:
    """Return what a plain provider tells of a capture."""
    return Notice(provider, "capture", "", BY_NAME[provider].payload(sale))


class Senders:
    """Signs for every provider. `rotate` may be called from any thread.

    `forged_ids` are the request ids of all forgeries: no event may have one.
    """

    def __init__(self, seed: int, environment: Mapping[str, str]) -> None:
        own = {name: environment[f"{stem_of(name)}_WEBHOOK_SECRET"] for name in PLAIN}
        self._secrets = secrets_of(environment) | {
            name: secret.partition(",")[0] for name, secret in own.items()
        }
        self.forged_ids: list[str] = []
        self._run = f"lab-{seed:x}"
        self._count = 0

    def rotate(self, provider: str, secret: str) -> None:
        """Sign with another secret from now on."""
        if provider not in self._secrets:
            raise KeyError(provider)
        self._secrets[provider] = secret

    def secret(self, provider: str) -> str:
        """Return the secret that a provider signs with now."""
        return self._secrets[provider]

    def request(self, delivery: Delivery, host: str) -> bytes:
        """Write a try: the same bytes each time, signed anew."""
        headers, body = self._signed(delivery)
        self._count += 1
        request_id = f"{self._run}-{self._count}"
        if delivery.forgery is not None:
            self.forged_ids.append(request_id)
        return (
            f"POST /webhooks/{delivery.event.notice.provider} HTTP/1.1\r\nhost: {host}\r\n"
            f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
            f"x-request-id: {request_id}\r\n{headers}\r\n"
        ).encode() + body

    def _signed(self, delivery: Delivery) -> tuple[str, bytes]:
        notice = delivery.event.notice
        secret, at_s = self._secrets[notice.provider], int(time.time())
        if delivery.forgery is not None:
            headers, body = forged(notice, delivery.forgery, secret, at_s)
            return _lines(headers), body
        body = notice.repeated if delivery.is_repeat else notice.body
        sign = SIGNERS.get(notice.provider)
        if sign is not None:
            return _lines(sign(secret, Signable(body, notice.message_id, at_s))), body
        request = BY_NAME[notice.provider].sign(secret.encode(), b"%d" % at_s, body)
        lines = {name.decode(): value.decode() for name, value in request.headers}
        return _lines(lines), request.body


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def _secret(seed: int, name: str) -> str:
    return hashlib.sha256(f"chaos/{seed}/{name}".encode()).hexdigest()


CURRENCIES: Mapping[str, str] = MappingProxyType({name: BY_NAME[name].currency for name in PLAIN})
"""What the plain providers deal in."""
