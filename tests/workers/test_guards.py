"""The database's own guards of money, each tried by a writer that is wrong."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

from domain.fold import fold
from domain.ledger import Leg, Movement
from tests.workers.scene import capture, refund, wait_until
from workers.apply import apply_in
from workers.store import ledger, payments
from workers.store.housekeeping import now

if TYPE_CHECKING:
    from tests.workers.scene import Scene


def test_a_fact_can_be_stored_once_only(lived: Scene) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation, match="payment_facts_once"):
        lived.execute(
            "INSERT INTO payment_facts (payment_id, kind, object_id, status, amount_minor,"
            " currency, event_id) SELECT payment_id, kind, object_id, status, amount_minor,"
            " currency, event_id FROM payment_facts"
        )


def movement(effect: str, object_id: str, amount_minor: int, *, off_by: int = 0) -> Movement:
    """Return a movement from suspense to the customer."""
    return Movement(
        effect,
        object_id,
        (
            Leg("suspense", -amount_minor, "NGN"),
            Leg("customer_credit:ada", amount_minor + off_by, "NGN"),
        ),
    )


def post(scene: Scene, what: Movement, *, kind: str = "adjustment", payment: bool = True) -> None:
    payment_id = scene.value("SELECT id FROM payment_logs") if payment else None
    with scene.database.transaction() as tx:
        posting = ledger.Posting(what, payment_id, None, now(tx), kind, str(uuid4()), "test")
        ledger.post(tx, [posting])


def test_a_movement_that_does_not_sum_to_zero_cannot_be_posted(lived: Scene) -> None:
    for off_by in (1, -1):
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="sum to zero"):
            post(lived, movement("capture", "T7", 500, off_by=off_by))


def test_two_currencies_cannot_make_up_for_each_other(lived: Scene) -> None:
    legs = (Leg("suspense", -5, "NGN"), Leg("suspense", 5, "USD"))

    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="sum to zero"):
        post(lived, Movement("capture", "T7", legs))


def test_an_effect_cannot_be_posted_twice(lived: Scene) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation, match="ledger_entries_effect_once"):
        post(lived, movement("capture", "T1", 1_000))


def test_an_effect_without_a_payment_cannot_be_posted_twice_either(lived: Scene) -> None:
    post(lived, movement("gift", "G1", 1_000), payment=False)

    with pytest.raises(psycopg.errors.UniqueViolation, match="ledger_entries_effect_once"):
        post(lived, movement("gift", "G1", 1_000), payment=False)


def test_a_payment_can_top_up_once_only(lived: Scene) -> None:
    with pytest.raises(
        psycopg.errors.UniqueViolation, match="sms_transactions_one_top_up_per_payment"
    ):
        post(lived, movement("capture", "T9", 1_000), kind="top_up")


def test_a_debit_cannot_take_the_balance_below_zero(lived: Scene) -> None:
    with pytest.raises(
        psycopg.errors.CheckViolation, match="sms_transactions_debit_within_credit_check"
    ):
        post(lived, movement("sms", "S1", -1_001), kind="sms_debit", payment=False)
    assert lived.credit() == 1_000

    post(lived, movement("sms", "S1", -1_000), kind="sms_debit", payment=False)
    assert lived.credit() == 0


def test_a_statement_can_have_no_gap_filled_twice(lived: Scene) -> None:
    """A lost update of the balance would use a version a second time."""
    lived.execute("UPDATE customer_balances SET version = 0")

    with pytest.raises(psycopg.errors.UniqueViolation, match="sms_transactions_in_sequence"):
        post(lived, movement("gift", "G1", 5))


def test_saving_over_a_newer_version_is_refused(lived: Scene) -> None:
    """The fence: a writer that read the payment without the lock finds that it has moved."""
    with lived.database.transaction() as tx:
        stale = payments.lock(tx, ["p1"])["p1"]
    lived.hear(refund("p1", 100))

    with (
        pytest.raises(payments.PaymentChangedUnderLock),
        lived.database.transaction() as tx,
    ):
        payments.move(tx, [payments.Moved(stale.version, stale, None)], [], []).require_all()

    assert lived.sums("p1") == (1_000, 100, 0)


def test_nothing_is_written_when_a_payment_could_not_be_saved(scene: Scene) -> None:
    """The fence in its place: an update that reaches no row undoes all that came with it."""
    scene.announce("p1")
    event_id = scene.receive(capture("p1"))
    scene.execute(
        "CREATE FUNCTION skip_row() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
    )
    scene.execute(
        "CREATE TRIGGER skip_row BEFORE UPDATE ON payment_logs"
        " FOR EACH ROW EXECUTE FUNCTION skip_row()"
    )

    with (
        pytest.raises(payments.PaymentChangedUnderLock),
        scene.database.transaction() as tx,
    ):
        apply_in(tx, [event_id], worker="test")

    assert scene.value("SELECT count(*) FROM payment_facts") == 0
    assert scene.value("SELECT count(*) FROM ledger_entries") == 0
    assert scene.owed() == [event_id]


def test_the_fold_of_the_stored_facts_is_where_the_payment_stands(lived: Scene) -> None:
    lived.hear(refund("p1", 100), refund("p1", 100, "R2", status="pending"))

    with lived.database.transaction() as tx:
        known = payments.lock(tx, ["p1"])["p1"]

    assert fold(known.asked, known.facts).state == lived.state("p1") == "partially_refunded"
    assert len(known.facts) == 3


def test_an_event_whose_work_is_done_has_no_work_row_and_moves_nothing_again(
    lived: Scene,
) -> None:
    [event_id] = lived.hear(refund("p1", 100))

    assert lived.owed() == []
    assert lived.apply(event_id) == {}
    assert lived.version("p1") == 2


def test_an_event_key_is_kept_once(lived: Scene) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation, match="inbound_dedup_pkey"):
        lived.execute("INSERT INTO inbound_dedup SELECT * FROM inbound_dedup")


def test_movements_of_one_customer_take_turns(lived: Scene) -> None:
    """The second reads the balance only when the first has been committed."""

    def post_second() -> None:
        try:
            post(lived, movement("gift", "G2", 7), payment=False)
        finally:
            lived.database.close()

    with ThreadPoolExecutor(1) as pool, lived.database.transaction() as tx:
        first = ledger.Posting(movement("gift", "G1", 5), None, None, now(tx), reference="g1")
        ledger.post(tx, [first])
        second = pool.submit(post_second)
        wait_until(
            lambda: lived.rows(
                "SELECT 1 FROM pg_stat_activity"
                " WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
        )

    second.result()
    assert lived.credit() == 1_012
