from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from domain.delivery import KeyWanted
from domain.errors import OutcomeUnknown, SignatureInvalid
from ingress import fetched_keys, key_memory, key_requests
from ingress.errors import KeyUnavailable
from ingress.fetched_keys import FetchedKeys
from ingress.key_requests import KeyRequests, NoAnswer
from tests.ingress.key_server import KeyServer, key_server, local_tls, says

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from domain.delivery import KeyAnswer

    Story = Callable[["FetchedKeys", "Clock"], Awaitable[None]]


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def server() -> Iterator[KeyServer]:
    with key_server() as served:
        yield served


def read(answer: KeyAnswer) -> bytes:
    if answer.status == 404:
        raise SignatureInvalid("no such key")
    if answer.status != 200:
        raise OutcomeUnknown(f"status {answer.status}")
    return answer.body


def wanted(server: KeyServer, name: str = "k1") -> KeyWanted:
    url = f"http://127.0.0.1:{server.port}/{name}"
    return KeyWanted(name, url, frozenset({"127.0.0.1"}), read, is_local=True)


def told(story: Story, requests: KeyRequests | None = None) -> None:
    async def run() -> None:
        clock = Clock()
        keys = FetchedKeys(requests or KeyRequests(), clock)
        try:
            await story(keys, clock)
        finally:
            await keys.stop()

    asyncio.run(run())


async def is_away(keys: FetchedKeys, wanted: KeyWanted) -> bool:
    try:
        await keys.key("plaid", wanted)
    except KeyUnavailable:
        return True
    return False


async def is_refused(keys: FetchedKeys, wanted: KeyWanted) -> bool:
    try:
        await keys.key("plaid", wanted)
    except SignatureInvalid:
        return True
    return False


def test_many_who_want_one_key_ask_once(server: KeyServer) -> None:
    async def story(keys: FetchedKeys, clock: Clock) -> None:
        found = await asyncio.gather(*(keys.key("plaid", wanted(server)) for _ in range(100)))
        clock.now_s += key_memory.FRESH_S - 1
        assert {*found, await keys.key("plaid", wanted(server))} == {b"a key"}
        assert server.asked == ["/k1"]
        clock.now_s += 2
        server.behave = says(200, b"another")
        assert await keys.key("plaid", wanted(server)) == b"another"

    told(story)


def test_a_name_that_is_no_key_is_remembered_as_such_for_a_while(server: KeyServer) -> None:
    server.behave = says(404, b"")

    async def story(keys: FetchedKeys, clock: Clock) -> None:
        assert all(await asyncio.gather(*(is_refused(keys, wanted(server)) for _ in range(20))))
        assert await is_refused(keys, wanted(server))
        assert len(server.asked) == 1
        clock.now_s += key_memory.REFUSED_S
        server.behave = says(200, b"late")
        assert await keys.key("plaid", wanted(server)) == b"late"

    told(story)


def test_a_provider_that_fails_is_left_alone_and_then_asked_again(server: KeyServer) -> None:
    server.behave = says(500, b"")

    async def story(keys: FetchedKeys, clock: Clock) -> None:
        assert await is_away(keys, wanted(server))
        server.behave = says(200, b"back")
        assert await is_away(keys, wanted(server))
        assert len(server.asked) == 1
        clock.now_s += key_memory.PAUSE_S
        assert await keys.key("plaid", wanted(server)) == b"back"

    told(story)


def test_a_known_key_outlives_a_providers_bad_day_but_not_two(server: KeyServer) -> None:
    async def story(keys: FetchedKeys, clock: Clock) -> None:
        await keys.key("plaid", wanted(server))
        server.behave = says(503, b"")
        clock.now_s += key_memory.FRESH_S
        assert await keys.key("plaid", wanted(server)) == b"a key"
        assert await keys.key("plaid", wanted(server)) == b"a key"
        assert len(server.asked) == 2
        clock.now_s += key_memory.KEPT_S
        assert await is_away(keys, wanted(server))

    told(story)


def test_a_known_key_that_is_taken_back_is_forgotten(server: KeyServer) -> None:
    async def story(keys: FetchedKeys, clock: Clock) -> None:
        await keys.key("plaid", wanted(server))
        server.behave = says(404, b"")
        clock.now_s += key_memory.FRESH_S
        assert await is_refused(keys, wanted(server))
        server.behave = says(503, b"")
        clock.now_s += key_memory.REFUSED_S
        assert await is_away(keys, wanted(server))

    told(story)


def _silent(server: KeyServer) -> None:
    def behave(_: BaseHTTPRequestHandler, __: bytes) -> None:
        server.over.wait(20)

    server.behave = behave


def _dripping(server: KeyServer) -> None:
    def behave(request: BaseHTTPRequestHandler, _: bytes) -> None:
        request.send_response(200)
        request.end_headers()
        while not server.over.wait(0.1):
            request.wfile.write(b"x")

    server.behave = behave


@pytest.mark.parametrize("slow", [_silent, _dripping])
def test_a_slow_answer_is_given_up_and_nobody_else_waits_for_it(
    server: KeyServer, slow: Callable[[KeyServer], None]
) -> None:
    slow(server)

    async def story(keys: FetchedKeys, _: Clock) -> None:
        started_s, turns = time.monotonic(), 0
        asked = asyncio.create_task(is_away(keys, wanted(server)))
        while not asked.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert asked.result()
        assert time.monotonic() - started_s < key_requests.ASK_S_MAX + 3
        assert turns > 20

    told(story)


def test_an_answer_that_is_too_big_is_none(server: KeyServer) -> None:
    server.behave = says(200, b"x" * (key_requests.ANSWER_BYTES_MAX + 1))

    async def story(keys: FetchedKeys, clock: Clock) -> None:
        assert await is_away(keys, wanted(server))
        clock.now_s += key_memory.PAUSE_S
        server.behave = says(200, b"x" * key_requests.ANSWER_BYTES_MAX)
        assert len(await keys.key("plaid", wanted(server))) == key_requests.ANSWER_BYTES_MAX

    told(story)


def test_a_redirect_is_not_followed(server: KeyServer) -> None:
    server.behave = says(302, b"", ("Location", f"http://127.0.0.1:{server.port}/elsewhere"))

    async def story(keys: FetchedKeys, _: Clock) -> None:
        assert await is_away(keys, wanted(server))
        assert server.asked == ["/k1"]

    told(story)


@pytest.mark.parametrize(
    "garbage", [b"", b"\x00" * 300, b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx"]
)
def test_what_is_no_http_is_no_answer(server: KeyServer, garbage: bytes) -> None:
    def behave(request: BaseHTTPRequestHandler, _: bytes) -> None:
        request.wfile.write(garbage)

    server.behave = behave

    async def story(keys: FetchedKeys, _: Clock) -> None:
        assert await is_away(keys, wanted(server))

    told(story)


@pytest.mark.parametrize(
    "changed",
    [
        {"hosts": frozenset({"api.paypal.com"})},
        {"is_local": False},
        {"url": "https://127.0.0.1:{port}/k1", "is_local": False},
        {
            "url": "https://localhost:{port}/k1",
            "hosts": frozenset({"localhost"}),
            "is_local": False,
        },
        {"url": "http://127.0.0.1:{port}/k1?a=b"},
        {"url": "http://u:p@127.0.0.1:{port}/k1"},
        {"url": "http://127.0.0.1@localhost:{port}/k1", "hosts": frozenset({"127.0.0.1"})},
    ],
)
def test_an_address_that_is_not_allowed_is_not_connected_to(
    server: KeyServer, changed: dict[str, object]
) -> None:
    url = str(changed.get("url", wanted(server).url)).format(port=server.port)
    other = replace(wanted(server), **{**changed, "url": url})  # type: ignore[arg-type]

    async def story(keys: FetchedKeys, _: Clock) -> None:
        assert await is_away(keys, other)
        assert server.connections == 0

    told(story)


def test_names_without_end_are_asked_for_within_bounds_and_known_keys_still_serve(
    server: KeyServer,
) -> None:
    async def story(keys: FetchedKeys, clock: Clock) -> None:
        await keys.key("plaid", wanted(server, "good"))
        server.behave = says(404, b"")
        for n in range(fetched_keys.LOOKUPS_MAX - 1):
            assert await is_refused(keys, wanted(server, f"n{n}"))
        with pytest.raises(KeyUnavailable) as many:
            await keys.key("plaid", wanted(server, "one-more"))
        assert 0 < many.value.retry_after_s <= fetched_keys.WINDOW_S
        assert len(server.asked) == fetched_keys.LOOKUPS_MAX
        assert await keys.key("plaid", wanted(server, "good")) == b"a key"
        server.behave = says(200, b"of another provider")
        assert await keys.key("paypal", wanted(server, "theirs")) == b"of another provider"
        clock.now_s += fetched_keys.WINDOW_S
        assert await keys.key("plaid", wanted(server, "one-more")) == b"of another provider"

    told(story)


def test_a_known_key_is_looked_at_again_however_many_unknown_ones_were_named(
    server: KeyServer,
) -> None:
    async def story(keys: FetchedKeys, clock: Clock) -> None:
        await keys.key("plaid", wanted(server, "good"))
        clock.now_s += key_memory.FRESH_S
        server.behave = says(404, b"")
        for n in range(fetched_keys.LOOKUPS_MAX):
            assert await is_refused(keys, wanted(server, f"n{n}"))
        assert await is_away(keys, wanted(server, "one-more"))
        server.behave = says(200, b"renewed")
        assert await keys.key("plaid", wanted(server, "good")) == b"renewed"

    told(story)


@pytest.mark.parametrize(
    "url", ["http://api.paypal.com/c", "ftp://api.paypal.com/c", "https://api.paypal.com.example/c"]
)
def test_outside_this_machine_only_https_and_only_the_hosts_of_the_provider_are_asked(
    url: str,
) -> None:
    asked = KeyWanted("k1", url, frozenset({"api.paypal.com"}), read)

    with pytest.raises(NoAnswer, match="not allowed"):
        asyncio.run(KeyRequests().ask(asked))


def test_no_more_wait_than_there_is_room_for(server: KeyServer) -> None:
    async def story(keys: FetchedKeys, _: Clock) -> None:
        count = fetched_keys.WAITING_MAX + 7
        away = await asyncio.gather(*(is_away(keys, wanted(server)) for _ in range(count)))
        assert sum(away) == 7
        assert await keys.key("plaid", wanted(server)) == b"a key"

    told(story)


def test_who_goes_away_does_not_take_the_answer_along(server: KeyServer) -> None:
    async def story(keys: FetchedKeys, _: Clock) -> None:
        gone = asyncio.create_task(keys.key("plaid", wanted(server)))
        waits = asyncio.create_task(keys.key("plaid", wanted(server)))
        await asyncio.sleep(0)
        gone.cancel()
        assert await waits == b"a key"

    told(story)


def test_a_certificate_of_an_authority_that_is_not_known_is_no_connection(tmp_path: Path) -> None:
    tls, authority = local_tls(tmp_path)
    with key_server(tls) as server:
        secure = replace(
            wanted(server),
            url=f"https://localhost:{server.port}/k1",
            hosts=frozenset({"localhost"}),
        )
        other_name = replace(
            secure, url=f"https://127.0.0.1:{server.port}/k1", hosts=frozenset({"127.0.0.1"})
        )

        async def unknown(keys: FetchedKeys, _: Clock) -> None:
            assert await is_away(keys, secure)
            assert server.asked == []

        async def known(keys: FetchedKeys, _: Clock) -> None:
            assert await is_away(keys, other_name)
            assert await keys.key("paypal", secure) == b"a key"

        told(unknown)
        told(known, KeyRequests(authority))
