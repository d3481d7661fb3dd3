"""A payment service in a database of its own: announce, receive, apply, and look at the record."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Any

import psycopg

from domain.announcement import Announcement
from domain.money import Money
from workers import sweeps
from workers.announce import announce
from workers.apply import apply_events
from workers.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from workers.outcome import Tally

PROVIDER = "standard-webhooks"
WAIT_S = 60.0
POLL_S = 0.02
DRAIN_ROUNDS_MAX = 200
BUSY_STATES = ("open", "replaying")

_RECEIVE = """
    WITH given AS (SELECT nextval('inbound_event_ids') AS id), key AS (
        INSERT INTO inbound_dedup (source, account, event_key, body_sha256, event_id)
        SELECT %(source)s, %(account)s, %(key)s, %(sha)s, id FROM given
    ), event AS (
        INSERT INTO inbound_events (id, source, account, event_key, reference, mode, body, headers,
                                    key_id, request_id)
        SELECT id, %(source)s, %(account)s, %(key)s, %(reference)s, %(mode)s, %(body)s, '{}', 'k1',
               'r1'
        FROM given
    )
    INSERT INTO inbound_work (event_id, received_at, lane, next_at)
    SELECT id, now(), %(lane)s, now() + interval '3 s' FROM given RETURNING event_id
"""


def body(type_: str, reference: str | None, object_id: str = "T1", **data: object) -> bytes:
    """Return what a sender of Standard Webhooks would write."""
    about = {"id": object_id, "reference": reference, **data}
    return json.dumps({"type": type_, "data": about}).encode()


def capture(
    reference: str | None, amount_minor: int = 1_000, object_id: str = "", **data: Any
) -> bytes:
    """Return a success in NGN, unless said otherwise; the transaction of payment p1 is T1."""
    return body(
        "payment.succeeded",
        reference,
        object_id or f"T{(reference or 'p1').removeprefix('p')}",
        amount_minor=amount_minor,
        **{"currency": "NGN", **data},
    )


def refund(
    reference: str | None,
    amount_minor: int,
    object_id: str = "R1",
    status: str = "succeeded",
    **data: Any,
) -> bytes:
    return body(
        f"refund.{status}",
        reference,
        object_id,
        amount_minor=amount_minor,
        **{"currency": "NGN", **data},
    )


def wait_until(condition: Callable[[], object], *, within_s: float = WAIT_S) -> None:
    """Poll until the condition holds; fails when it does not come to hold in time."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline_s, "what was waited for did not happen"
        time.sleep(POLL_S)


class Scene:
    """The record of one test, and the ways to write and read it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.database = Database(url, name="test")
        self._numbers = itertools.count(1)
        self._reader = psycopg.connect(url, autocommit=True)

    def close(self) -> None:
        self._reader.close()
        self.database.close()

    def announce(
        self,
        *references: str,
        amount_minor: int = 1_000,
        currency: str = "NGN",
        customer_id: str = "ada",
    ) -> None:
        money = Money(currency, amount_minor)
        asked = [Announcement(each, PROVIDER, money, customer_id) for each in references]
        announce(self.database, asked, actor="operator:test")

    def receive(
        self,
        content: bytes,
        *,
        source: str = PROVIDER,
        account: str = "default",
        mode: str | None = None,
        lane: str = "events",
        reference: str | None = None,
    ) -> int:
        """Keep an event as the ingress does; return its id."""
        number = next(self._numbers)
        values: dict[str, object] = {
            "source": source,
            "account": account,
            "key": f"event {number}",
            "sha": hashlib.sha256(content).digest(),
            "mode": mode,
            "reference": reference,
            "body": content,
            "lane": lane,
        }
        event_id: int = self.value(_RECEIVE, values)
        return event_id

    def apply(self, *event_ids: int) -> Tally:
        return apply_events(self.database, event_ids, worker="test")

    def hear(self, *contents: bytes, **how: Any) -> list[int]:
        """Receive and apply, one batch; return the event ids."""
        event_ids = [self.receive(content, **how) for content in contents]
        self.apply(*event_ids)
        return event_ids

    def heal(self) -> Tally:
        """Do what the relay does after an announcement, and what the worker does then."""
        sweeps.take_up_announced(self.database)
        return self.apply(*self.owed())

    def drain(self) -> None:
        """Apply whatever is owed, however often it must be tried again, until nothing is."""
        for _ in range(DRAIN_ROUNDS_MAX):
            event_ids = self.owed()
            if not event_ids:
                return
            self.apply(*event_ids)
        raise AssertionError(f"still owed: {self.owed()}")

    def at_once(self, count: int, work: Callable[[int], object]) -> None:
        """Run the work in that many threads that begin at the same moment; raise what they raise.

        Each of them leaves its connection of `database` closed.
        """
        start = Barrier(count)

        def one(number: int) -> None:
            start.wait(WAIT_S)
            try:
                work(number)
            finally:
                self.database.close()

        with ThreadPoolExecutor(count) as pool:
            list(pool.map(one, range(count)))

    def execute(self, query: str, values: Sequence[object] | dict[str, object] = ()) -> int:
        return self._reader.execute(query, values).rowcount

    def rows(
        self, query: str, values: Sequence[object] | dict[str, object] = ()
    ) -> list[tuple[Any, ...]]:
        return self._reader.execute(query, values).fetchall()

    def value(self, query: str, values: Sequence[object] | dict[str, object] = ()) -> Any:
        [[value]] = self.rows(query, values)
        return value

    def owed(self) -> list[int]:
        return [row[0] for row in self.rows("SELECT event_id FROM inbound_work ORDER BY 1")]

    def state(self, reference: str) -> str:
        state: str = self.value("SELECT state FROM payment_logs WHERE reference = %s", [reference])
        return state

    def sums(self, reference: str) -> tuple[int, int, int]:
        [row] = self.rows(
            "SELECT captured_minor, refunded_minor, disputed_minor FROM payment_logs"
            " WHERE reference = %s",
            [reference],
        )
        return (row[0], row[1], row[2])

    def version(self, reference: str) -> int:
        version: int = self.value(
            "SELECT lock_version FROM payment_logs WHERE reference = %s", [reference]
        )
        return version

    def steps(self, reference: str) -> list[str]:
        """Return the payment's history as "from -event-> to"."""
        rows = self.rows(
            "SELECT format('%%s -%%s-> %%s', from_state, event, to_state)"
            " FROM payment_transitions t JOIN payment_logs p ON p.id = t.payment_id"
            " WHERE reference = %s ORDER BY version",
            [reference],
        )
        return [row[0] for row in rows]

    def credit(self, customer_id: str = "ada") -> int:
        """Return the customer's balance; the books must say the same."""
        balance: int = self.value(
            "SELECT coalesce(sum(balance_minor), 0) FROM customer_balances WHERE customer_id = %s",
            [customer_id],
        )
        assert self.account(f"customer_credit:{customer_id}") == balance
        return balance

    def account(self, name: str) -> int:
        total: int = self.value(
            "SELECT coalesce(sum(amount_minor), 0) FROM ledger_entries WHERE account = %s", [name]
        )
        return total

    def top_ups(self) -> int:
        count: int = self.value("SELECT count(*) FROM sms_transactions WHERE kind = 'top_up'")
        return count

    def letters(self) -> list[tuple[int, str, str]]:
        """Return (event id, reason, status) of every dead letter."""
        rows = self.rows("SELECT event_id, reason, status FROM dead_letters ORDER BY event_id")
        return [(row[0], row[1], row[2]) for row in rows]

    def letter_id(self, event_id: int) -> int:
        letter_id: int = self.value("SELECT id FROM dead_letters WHERE event_id = %s", [event_id])
        return letter_id

    def actions(self, event_id: int) -> list[str]:
        rows = self.rows(
            "SELECT action FROM dead_letter_actions a JOIN dead_letters d"
            " ON d.id = a.dead_letter_id WHERE event_id = %s ORDER BY a.id",
            [event_id],
        )
        return [row[0] for row in rows]

    def attempts(self, event_id: int) -> list[tuple[int, str, str | None]]:
        """Return (number, outcome, error class) of every recorded attempt."""
        rows = self.rows(
            "SELECT number, outcome, error_class FROM attempts WHERE event_id = %s ORDER BY id",
            [event_id],
        )
        return [(row[0], row[1], row[2]) for row in rows]

    def break_for(self, reference: str, error: str) -> None:
        """Let the database raise whenever a payment with this reference is about to change.

        `error` is what PL/pgSQL shall do, e.g. "RAISE EXCEPTION 'broken'".
        """
        self.execute(f"""
            CREATE OR REPLACE FUNCTION break_it() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN IF OLD.reference = '{reference}' THEN {error}; END IF; RETURN NEW; END $$;
            CREATE OR REPLACE TRIGGER aa_break_it BEFORE UPDATE ON payment_logs
                FOR EACH ROW EXECUTE FUNCTION break_it()
        """)

    def mend(self) -> None:
        self.execute("DROP TRIGGER aa_break_it ON payment_logs")
