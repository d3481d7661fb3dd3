"""The traffic sends what the seed says, when it says so, and again until it is answered 200."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import uuid
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import pytest

from tests.chaos.history import FORGERY, History, Outcome
from tests.chaos.traffic import wire
from tests.chaos.traffic.attackers import is_refusal, refused
from tests.chaos.traffic.events import Delivery
from tests.chaos.traffic.journal import Asked, Journal, Told
from tests.chaos.traffic.orders import After, Way, drawn
from tests.chaos.traffic.post import Post
from tests.chaos.traffic.receiver import HANG_UP, SAY_NOTHING, Received, Receiver, written
from tests.chaos.traffic.retries import FAILING_PER_S_MAX, FAILING_SAVED_MAX, Retries
from tests.chaos.traffic.senders import PLAIN, Senders, settings
from tests.chaos.traffic.takings import Takings
from tests.chaos.traffic.town import Town
from tests.chaos.traffic.webhooks import Webhooks
from tests.chaos.traffic.wire import Answer, Exchange, Front, hang_up
from tests.hostile.speaking import Answer as Spoken
from tests.ingress.serving import serving
from tests.simulator.books import Sums
from tests.simulator.stripe import PENDING_AGAIN, PENDING_FIRST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SEED = 7
SECRETS = {
    "PAYSTACK_SECRET_KEY": "sk_test_0123456789abcdef0123456789abcdef",
    "STRIPE_WEBHOOK_SECRET": "whsec_test_0123456789abcdef0123456789ab",
    "STANDARD_WEBHOOKS_WEBHOOK_SECRET": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
} | settings(SEED)
TURN_S = 0.002
WITHIN_S = 10.0


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    with History(tmp_path / "history.jsonl") as made:
        yield made


def kept(numbers: Iterator[int], ids: dict[bytes, int], sent: bytes) -> str:
    body = sent.replace(PENDING_AGAIN, PENDING_FIRST)  # Stripe's are one event all the same
    word = "duplicate" if body in ids else "accepted"
    event_id = ids.setdefault(body, next(numbers))
    return written(200, json.dumps({"status": word, "event_id": str(event_id)}))


async def until_idle(post: Post) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not post.is_idle:
            post.turn()
            await asyncio.sleep(TURN_S)


def test_the_same_seed_makes_the_same_payments() -> None:
    def made(seed: int) -> list[tuple[str, float, int, bytes]]:
        town = Town(seed, 100.0)
        return [
            (each.event.notice.provider, each.due_s, each.event.number, each.event.notice.body)
            for _ in range(100)
            for each in town.payment().deliveries
        ]

    assert made(SEED) == made(SEED)
    assert made(SEED) != made(SEED + 1)


def test_a_town_keeps_its_rate_and_tells_no_two_events_with_the_same_bytes() -> None:
    town, bodies, providers, repeats = Town(SEED, 100.0), set(), Counter[str](), 0
    for _ in range(400):
        payment = town.payment()
        for delivery in payment.deliveries:
            assert delivery.due_s >= payment.begins_s
            if delivery.is_repeat:
                repeats += 1
                continue
            assert delivery.event.notice.body not in bodies
            bodies.add(delivery.event.notice.body)
            providers[delivery.event.notice.provider] += 1

    assert town.next_begins_s == pytest.approx(len(bodies) / 100.0)
    assert providers.keys() == {"paystack", "stripe", "standard-webhooks", *PLAIN}
    assert 0.3 < repeats / len(bodies) < 0.5


def test_takings_are_the_sums_of_the_books() -> None:
    town = Town(SEED, 100.0)
    takings = Takings(town.prefix)
    expected: dict[tuple[str, str], Sums] = defaultdict(Sums)
    for _ in range(300):
        payment = town.payment()
        takings.add(payment.parts)
        for capture in payment.sale.captures:
            expected[payment.sale.reference, capture.currency].add(capture)

    lines = list(takings.lines())
    told = {
        (line.reference, line.currency): Sums(
            line.captured, line.refunded, line.charged_back, line.fees
        )
        for line in lines
    }
    assert told == expected
    assert [line.reference for line in lines] == sorted(line.reference for line in lines)
    assert {line.currency for line in lines} >= {"NGN", "USD", "KWD", "JPY", "EUR"}


def test_an_event_is_tried_until_it_is_answered_200(history: History) -> None:
    """Whatever else is answered; with the same bytes, and on every front."""
    failures = itertools.cycle(
        (
            written(503, '{"code":"store_unavailable"}', "Retry-After: 1"),
            written(401, '{"code":"signature_expired"}'),
            HANG_UP,
            written(429, '{"code":"rate_limited"}'),
            written(200, "gibberish"),
            written(404, '{"code":"provider_unknown"}'),
        )
    )
    numbers, ids, tries = itertools.count(1), dict[bytes, int](), Counter[bytes]()

    def answer(request: Received) -> str:
        tries[request.body] += 1
        return next(failures) if tries[request.body] == 1 else kept(numbers, ids, request.body)

    async def deliver() -> int:
        async with Receiver(answer).open() as one, Receiver(answer).open() as other:
            fronts = [Front("front-1", one.url), Front("front-2", other.url)]
            post = Post(fronts, Senders(SEED, SECRETS), history, seed=SEED)
            town, events = Town(SEED, 1_000.0), 0
            for _ in range(40):
                payment = town.payment()
                events += sum(not each.is_repeat for each in payment.deliveries)
                post.take(payment)
                for each in payment.deliveries:
                    each.due_s /= 100.0
            post.begin()
            await until_idle(post)
            await hang_up(fronts)
            assert one.received
            assert other.received
            return events

    events = asyncio.run(deliver())
    assert len(history.acked) == events
    assert history.acked.violation_count == 0
    assert history.counts()[Outcome.UNKNOWN] > 0
    assert history.said().keys() >= {
        "store_unavailable",
        "signature_expired",
        "rate_limited",
        "provider_unknown",
        "unreadable 200",
    }
    assert history.dishonest == {"429 without Retry-After": history.said()["rate_limited"]}


def test_a_retry_is_signed_anew_with_the_secret_of_its_time() -> None:
    senders, town = Senders(SEED, SECRETS), Town(SEED, 10.0)
    delivery = next(
        each
        for _ in range(100)
        for each in town.payment().deliveries
        if each.event.notice.provider == "paystack"
    )
    first = senders.request(delivery, "here")
    senders.rotate("paystack", "sk_test_another")
    again = senders.request(delivery, "here")

    assert first.partition(b"\r\n\r\n")[2] == again.partition(b"\r\n\r\n")[2]
    signature = b"x-paystack-signature: "
    assert first.partition(signature)[2][:128] != again.partition(signature)[2][:128]
    with pytest.raises(KeyError):
        senders.rotate("nobody", "x")


def test_what_is_not_answered_in_time_is_unknown_and_what_comes_then_is_nobodys() -> None:
    async def ask() -> list[Answer]:
        answers: list[Answer] = []
        async with Receiver(lambda _: SAY_NOTHING).open() as silent:
            front = Front("front-1", silent.url, answer_s_max=0.05)
            front.send(Exchange(b"POST / HTTP/1.1\r\n\r\n", answers.append))
            async with asyncio.timeout(WITHIN_S):
                while not answers:
                    front.give_up()
                    await asyncio.sleep(TURN_S)
            assert front.in_flight == 0
            await hang_up([front])
        return answers

    (answer,) = asyncio.run(ask())
    assert (answer.status, answer.error) == (wire.NO_STATUS, "no answer in time")


def test_a_front_that_is_away_is_unknown_at_once() -> None:
    async def ask() -> Answer:
        async with Receiver(lambda _: HANG_UP).open() as gone:
            url = gone.url
        answered: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        Front("front-1", url).send(Exchange(b"", answered.set_result))
        async with asyncio.timeout(WITHIN_S):
            return await answered

    assert asyncio.run(ask()).error == "ConnectionRefusedError"


def test_retries_are_few_while_they_fail_and_many_as_soon_as_they_do_not() -> None:
    event = Town(SEED, 1.0).payment().deliveries[0].event

    def tried(*, is_ok: bool) -> int:
        retries, count = Retries(random.Random(1)), 0
        for _ in range(2_000):
            retries.add(Delivery(event, 0.0), 0.0)
        for turn in range(1_000):
            now_s = turn * 0.004
            while (delivery := retries.next(now_s)) is not None:
                count += 1
                retries.ended(delivery, is_ok=is_ok)
                if not is_ok:
                    retries.add(delivery, now_s)
        return count

    assert tried(is_ok=False) <= 4 * FAILING_PER_S_MAX + FAILING_SAVED_MAX + 1
    assert tried(is_ok=True) >= 2_000


def test_what_has_not_begun_is_forgotten_in_the_end_and_what_has_is_told(
    history: History,
) -> None:
    numbers, ids = itertools.count(1), dict[bytes, int]()

    async def deliver() -> tuple[set[int], set[int]]:
        async with Receiver(lambda request: kept(numbers, ids, request.body)).open() as receiver:
            front = Front("front-1", receiver.url)
            post = Post([front], Senders(SEED, SECRETS), history, seed=SEED)
            town, begun, later = Town(SEED, 200.0), set[int](), set[int]()
            while town.next_begins_s < 3.0:
                payment = town.payment()
                for each in payment.deliveries:
                    each.due_s /= 50.0
                post.take(payment)
                told = {each.event.number for each in payment.deliveries}
                (begun if payment.begins_s <= 0.5 else later).update(told)
            post.begin()
            post.hurry(0.5)
            await until_idle(post)
            await hang_up([front])
            return begun, later

    begun, later = asyncio.run(deliver())
    assert set(history.acked) == begun
    assert begun
    assert later


def test_the_real_ingress_keeps_exactly_what_was_acknowledged(
    database_url: str, redis_url: str, history: History
) -> None:
    with serving(database_url, redis_url, environment=SECRETS) as door:
        url = f"http://127.0.0.1:{door.port}"

        async def deliver() -> Webhooks:
            fronts = [Front("front-1", url), Front("front-2", url)]
            webhooks = Webhooks(
                fronts,
                Senders(SEED, SECRETS),
                history,
                seed=SEED,
                rate_per_s=150.0,
                database_url=database_url,
            )
            webhooks.prepare()
            webhooks.begin()
            async with asyncio.timeout(2 * WITHIN_S):
                while not webhooks.is_idle:
                    if webhooks.post.now_s > 1.0:
                        webhooks.stop()
                    webhooks.turn()
                    await asyncio.sleep(TURN_S)
            webhooks.announcer.close()
            await hang_up(fronts)
            return webhooks

        webhooks = asyncio.run(deliver())
        found = {row[0] for row in door.rows("SELECT id FROM inbound_events")}
        known = {row[0] for row in door.rows("SELECT reference FROM payment_logs")}

    assert set(history.acked.event_ids()) == found
    assert len(found) == len(history.acked) > 100
    assert history.acked.violations == []
    assert set(history.statuses()) == {200}
    assert history.counts(FORGERY)[Outcome.REFUSED] > 0
    assert history.forged == {}
    lines = list(webhooks.takings.lines())
    assert {line.reference for line in lines if line.is_announced} <= known
    assert not {line.reference for line in lines if not line.is_announced} & known


def test_an_answer_that_changes_under_its_key_is_noticed() -> None:
    journal, asked = Journal(), Asked("payment", "/v1/payments", b"{}", uuid.uuid4())
    journal.answered(asked, Told(202, b'{"reference":"A"}'))
    journal.answered(asked, Told(202, b'{"reference":"A"}'))
    assert (journal.same_bytes.checked, journal.same_bytes.problems) == (1, [])

    journal.answered(asked, Told(202, b'{"reference": "A"}'))
    assert len(journal.same_bytes.problems) == 1


def test_orders_are_decided_by_the_seed_and_hold_one_of_everything() -> None:
    def first(seed: int) -> list[Any]:
        return list(itertools.islice(drawn(seed, 2.0), 400))

    orders = first(SEED)
    assert orders == first(SEED)
    assert orders != first(SEED + 1)
    assert {order.way for order in orders} == set(Way)
    assert {order.after for order in orders} == set(After)
    assert 150 < orders[-1].due_s < 250
    assert all(order.reference for order in orders if order.way is Way.WITHOUT_KEY)


def test_attackers_send_only_what_must_be_refused_and_notice_what_is_not() -> None:
    assert len(refused()) > 400
    assert all(is_refusal(Spoken(status, b"", b"")) for status in (400, 401, 429, 503, 0))
    assert not any(is_refusal(Spoken(status, b"", b"")) for status in (200, 202, 500, 502))


def test_deliveries_stand_in_the_order_of_their_times() -> None:
    event = Town(SEED, 1.0).payment().deliveries[0].event

    assert Delivery(event, 1.0) < Delivery(event, 2.0)
