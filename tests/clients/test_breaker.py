"""Who fails five times in a row is left alone, and then tried by one call alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from domain.errors import OutcomeUnknown, ProviderAway, ProviderRefused
from domain.providers.api import AnswerUnclear
from tests.clients import objects
from tests.clients.scripted import TEST_S, ScriptedProvider, answer
from workers.clients.breaker import FAILURES_MAX, OPEN_S, PROBE_RETRY_S, Breaker
from workers.clients.paystack import PaystackClient

if TYPE_CHECKING:
    from tests.clients.conftest import MakeTransport

THREADS = 8


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(clock)


def fail(breaker: Breaker, error: Exception | None = None) -> None:
    failure = error or OutcomeUnknown("no answer")
    with pytest.raises(type(failure)), breaker.guard():
        raise failure


def opened(breaker: Breaker) -> None:
    for _ in range(FAILURES_MAX):
        fail(breaker)


def refused_for_s(breaker: Breaker) -> float | None:
    with pytest.raises(ProviderAway) as caught, breaker.guard():
        pytest.fail("the breaker let a call through")
    return caught.value.retry_after_s


@pytest.mark.parametrize("error", [OutcomeUnknown("no answer"), ProviderAway("not there")])
def test_five_failures_in_a_row_open_it(breaker: Breaker, clock: Clock, error: Exception) -> None:
    for _ in range(FAILURES_MAX):
        fail(breaker, error)
    clock.now_s += 4

    assert refused_for_s(breaker) == OPEN_S - 4


def test_an_answer_between_failures_keeps_it_closed(breaker: Breaker) -> None:
    for _ in range(3):
        for _ in range(FAILURES_MAX - 1):
            fail(breaker)
        with breaker.guard():
            pass


def test_a_refusal_is_an_answer(breaker: Breaker) -> None:
    for _ in range(FAILURES_MAX * 2):
        fail(breaker, ProviderRefused("no", http_status=400))


@pytest.mark.parametrize(
    "error",
    [
        AnswerUnclear("the answer is not as documented", http_status=200),
        AnswerUnclear("the answer is not as documented", http_status=404),
        OutcomeUnknown("another request under way", http_status=409),
    ],
)
def test_what_is_not_understood_of_one_payment_keeps_it_closed(
    breaker: Breaker, error: Exception
) -> None:
    for _ in range(FAILURES_MAX * 2):
        fail(breaker, error)

    with breaker.guard():
        pass


@pytest.mark.parametrize("status", [408, 500, 503])
def test_a_status_that_tells_of_the_provider_itself_opens_it(breaker: Breaker, status: int) -> None:
    for _ in range(FAILURES_MAX):
        fail(breaker, OutcomeUnknown("failed", http_status=status))

    assert refused_for_s(breaker) == OPEN_S


def test_after_its_time_one_of_many_threads_may_try(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += OPEN_S
    start, all_tried = threading.Barrier(THREADS), threading.Barrier(THREADS)

    def attempt() -> float | None:
        start.wait(TEST_S)
        try:
            with breaker.guard():
                all_tried.wait(TEST_S)  # the others have been refused while this one is inside
                return None
        except ProviderAway as refusal:
            all_tried.wait(TEST_S)
            return refusal.retry_after_s

    with ThreadPoolExecutor(THREADS) as pool:
        refused_for = [f.result(TEST_S) for f in [pool.submit(attempt) for _ in range(THREADS)]]

    assert sorted(refused_for, key=str) == [PROBE_RETRY_S] * (THREADS - 1) + [None]
    with breaker.guard():
        pass


def test_a_try_that_fails_opens_it_anew(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += OPEN_S
    fail(breaker)

    assert refused_for_s(breaker) == OPEN_S


def test_a_try_that_succeeds_forgets_all_failures(breaker: Breaker, clock: Clock) -> None:
    opened(breaker)
    clock.now_s += OPEN_S
    with breaker.guard():
        pass

    for _ in range(FAILURES_MAX - 1):
        fail(breaker)
    with breaker.guard():
        pass


def test_calls_that_began_before_it_opened_neither_close_nor_prolong_it(
    breaker: Breaker, clock: Clock
) -> None:
    with breaker.guard():
        opened(breaker)
    assert refused_for_s(breaker) == OPEN_S
    clock.now_s += OPEN_S
    with breaker.guard():
        pass


def test_a_call_that_began_before_it_opened_does_not_end_the_try_of_another(
    breaker: Breaker, clock: Clock
) -> None:
    with ExitStack() as early:
        early.enter_context(breaker.guard())
        opened(breaker)
        clock.now_s += OPEN_S
        with breaker.guard():
            early.close()
            assert refused_for_s(breaker) == PROBE_RETRY_S


def test_calls_of_many_threads_run_at_the_same_time(breaker: Breaker) -> None:
    inside = threading.Barrier(THREADS)

    def call() -> None:
        with breaker.guard():
            inside.wait(TEST_S)

    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(call) for _ in range(THREADS)]:
            future.result(TEST_S)


def test_a_provider_that_is_down_is_soon_not_asked_any_more(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(500, b""))
    for _ in range(FAILURES_MAX):
        with pytest.raises(OutcomeUnknown):
            paystack_client.initialize(objects.ASKING, key="k")

    with pytest.raises(ProviderAway):
        paystack_client.initialize(objects.ASKING, key="k")

    assert len(provider.heard) == FAILURES_MAX


def test_payments_that_are_not_understood_do_not_shut_out_the_others(
    provider: ScriptedProvider, paystack_client: PaystackClient
) -> None:
    provider.plays(answer(200, objects.verified(currency="JPY")))
    for _ in range(FAILURES_MAX * 2):
        with pytest.raises(AnswerUnclear):
            paystack_client.look_up(objects.ASKING)

    provider.plays(answer(200, objects.verified(status="ongoing")))

    assert paystack_client.look_up(objects.ASKING).status == "ongoing"
    assert len(provider.heard) == FAILURES_MAX * 2 + 1


def test_no_more_calls_than_places_are_under_way(
    provider: ScriptedProvider, make_transport: MakeTransport
) -> None:
    client = PaystackClient(make_transport(at_once_max=THREADS // 2))
    provider.all_there = threading.Barrier(THREADS // 2 + 1)
    provider.plays(answer(200, objects.initialized()))

    def call() -> object:
        return client.initialize(objects.ASKING, key="k")

    with ThreadPoolExecutor(THREADS) as pool:
        begun = [pool.submit(call) for _ in range(THREADS // 2)]
        provider.all_there.wait(TEST_S)
        for _ in range(THREADS):
            with pytest.raises(ProviderAway) as caught:
                call()
            assert caught.value.retry_after_s == 1.0
        provider.all_there.wait(TEST_S)
        for future in begun:
            future.result(TEST_S)

    provider.all_there = None
    call()
    assert len(provider.heard) == THREADS // 2 + 1
