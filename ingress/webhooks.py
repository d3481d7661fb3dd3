"""Webhooks: verify a delivery, keep it, and only then answer."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

import structlog

from domain.addresses import client_address
from domain.delivery import Delivery, Demanded
from domain.errors import ProviderUnknown, RequestMalformed, SignatureRefused
from ingress import gate, problems
from ingress.accounts import DEFAULT_ACCOUNT
from ingress.entry import Arrival, entries
from ingress.errors import MethodNotAllowed, RateLimited
from ingress.failures import Failures
from ingress.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Receive, Scope, Send

    from domain.addresses import Network
    from domain.delivery import Verified
    from domain.errors import Refused
    from ingress.accounts import Account, Accounts
    from ingress.body import Bodies
    from ingress.diagnosis import Diagnostician
    from ingress.entry import Kept
    from ingress.fetched_keys import FetchedKeys
    from ingress.gate import Head
    from ingress.group_commit import GroupCommit
    from ingress.refusals import Refusals

PREFIX = "/webhooks"
"""Where the paths of all providers begin."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger()


class Webhooks:
    """The endpoint of all providers and accounts, as a plain ASGI application."""

    def __init__(
        self,
        accounts: Accounts,
        *,
        bodies: Bodies,
        group_commit: GroupCommit,
        refusals: Refusals,
        diagnostician: Diagnostician,
        fetched_keys: FetchedKeys,
        trusted_proxies: Sequence[Network],
    ) -> None:
        self._accounts = accounts
        self._bodies = bodies
        self._group_commit = group_commit
        self._refusals = refusals
        self._diagnostician = diagnostician
        self._fetched_keys = fetched_keys
        self._trusted_proxies = trusted_proxies
        self._failures = Failures()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 200 once the delivery is committed. Raises the Refused that it deserves."""
        if scope["method"] != "POST":
            await self._handshake(scope, send)
            return
        account = self._account(scope)
        head = gate.head_of(scope)
        body = await self._bodies.read(receive, content_length=head.content_length)
        delivery = Delivery(scope["headers"], body, int(time.time()), _url(scope, head))
        delivery, verified = await self._verified(scope, delivery, account)
        kept = await self._group_commit.keep(
            entries(_arrival(account, head, delivery, verified), verified.events)
        )
        demanded = account.provider.demanded or Demanded(_answer(kept))
        await problems.answer(send, demanded.status, demanded.body, _headers(demanded, head))
        _log(kept, account, head)

    async def _handshake(self, scope: Scope, send: Send) -> None:
        """Answer the GET by which some providers try an endpoint. Nothing is kept of it.

        Raises MethodNotAllowed for everything else.
        """
        if scope["method"] != "GET":
            raise MethodNotAllowed(b"POST")
        try:
            account = self._account(scope)
        except ProviderUnknown:
            raise MethodNotAllowed(b"POST") from None
        query = scope["query_string"].decode("latin-1")
        answer = account.provider.handshake(query, account.secrets)
        if answer is None:
            raise MethodNotAllowed(b"POST")
        head = gate.head_of(scope)
        await problems.answer(send, answer.status, answer.body, _headers(answer, head))

    def _account(self, scope: Scope) -> Account:
        path = scope["path_params"]
        account = self._accounts.find(
            path["provider"], path.get("account", DEFAULT_ACCOUNT), path.get("token", "")
        )
        if account is None:
            raise ProviderUnknown
        return account

    async def _verified(
        self, scope: Scope, delivery: Delivery, account: Account
    ) -> tuple[Delivery, Verified]:
        """Return the delivery, with the key that had to be fetched, and the proof of its sender.

        Raises RateLimited in the place of a 401 for an address that fails again and again; a
        delivery that verifies is never limited. Raises KeyUnavailable.
        """
        try:
            wanted = account.provider.key_wanted(delivery, account.secrets)
            if wanted is not None:
                key = await self._fetched_keys.key(account.provider.name, wanted)
                delivery = dataclasses.replace(delivery, keys={wanted.name: key})
            return delivery, account.provider.verify(delivery, account.secrets)
        except SignatureRefused as error:
            diagnosis = self._diagnostician.reason(error, delivery, account)
            address = self._note(scope, delivery, account, (error, diagnosis))
            retry_after_s = self._failures.note(address, now_s=time.monotonic())
            if retry_after_s:
                raise RateLimited(
                    "too many requests of this address failed", retry_after_s=retry_after_s
                ) from error
            raise
        except RequestMalformed as error:
            self._note(scope, delivery, account, (error, str(error)))
            raise

    def _note(
        self, scope: Scope, delivery: Delivery, account: Account, refused: tuple[Refused, str]
    ) -> str:
        error, diagnosis = refused
        address = client_address(scope, self._trusted_proxies)
        self._refusals.note(
            Refusal(
                source=account.provider.name,
                account=account.name,
                address=address,
                code=error.code,
                diagnosis=diagnosis,
                request_id=gate.head_of(scope).request_id,
                body_bytes=len(delivery.body),
            )
        )
        return address


def paths(accounts: Accounts) -> dict[str, dict[str, str]]:
    """Return the paths of the accounts that are here, and what a route finds in each.

    But for paths that end with a secret.
    """
    found = {}
    for account in accounts:
        if account.provider.is_unsigned:
            continue
        provider = {"provider": account.provider.name}
        if account.name == DEFAULT_ACCOUNT:
            found[f"{PREFIX}/{account.provider.name}"] = provider
        named = provider | {"account": account.name}
        found[f"{PREFIX}/{account.provider.name}/{account.name}"] = named
    return found


def _arrival(account: Account, head: Head, delivery: Delivery, verified: Verified) -> Arrival:
    return Arrival(
        source=account.provider.name,
        account=account.name,
        mode=account.mode,
        body=delivery.body,
        headers=gate.kept_headers(delivery.headers),
        key_id=verified.key_id,
        request_id=head.request_id,
        traceparent=head.traceparent,
    )


def _headers(answer: Demanded, head: Head) -> list[tuple[bytes, bytes]]:
    return [
        (b"content-type", answer.content_type),
        (b"x-request-id", head.request_id.encode()),
    ]


def _answer(kept: Kept) -> bytes:
    status = b"accepted" if kept.fresh else b"duplicate"
    return b'{"status":"%s","event_id":"%d"}' % (status, kept.event_id)


def _log(kept: Kept, account: Account, head: Head) -> None:
    log.info(
        "delivery.accepted" if kept.fresh else "delivery.duplicate",
        request_id=head.request_id,
        event_id=kept.event_id,
        provider=account.provider.name,
        account=account.name,
    )


def _url(scope: Scope, head: Head) -> str:
    """Return the URL as a provider that signs it knows it: they all call https."""
    query = scope["query_string"]
    target = scope["raw_path"] + (b"?" + query if query else b"")
    return f"https://{head.host.decode('latin-1')}{target.decode('latin-1')}"
