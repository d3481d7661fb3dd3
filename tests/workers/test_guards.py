"""The database's own guards, each tried by a writer that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
import pytest

from domain.fold import fold
from domain.ledger import Leg, Movement
from tests.workers.scene import capture, refund
from workers.store import ledger, payments
from workers.store.housekeeping import now

if TYPE_CHECKING:
    from tests.workers.scene import Scene

APPEND_ONLY = [
    "inbound_events",
    "attempts",
    "payment_facts",
    "payment_transitions",
    "legal_transitions",
    "ledger_entries",
    "sms_transactions",
    "dead_letter_actions",
]


@pytest.fixture
def lived(scene: Scene) -> Scene:
    """A scene with at least one row in every table that is append-only."""
    scene.announce("p1")
    scene.hear(capture("p1"), capture("p2"))
    return scene


def refuses(scene: Scene, statement: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        scene.execute(statement)


def columns_of(scene: Scene, table: str) -> list[str]:
    rows = scene.rows(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0"
        " AND attidentity = ''",
        [table],
    )
    return [row[0] for row in rows]


def test_nothing_append_only_can_be_updated_deleted_or_truncated(lived: Scene) -> None:
    partition = lived.value("SELECT DISTINCT tableoid::regclass::text FROM inbound_events")
    for table in [*APPEND_ONLY, partition]:
        assert lived.value(f"SELECT count(*) FROM {table}") > 0
        statements = [f"DELETE FROM {table}", f"TRUNCATE {table} CASCADE"]
        statements += [f'UPDATE {table} SET "{c}" = "{c}"' for c in columns_of(lived, table)]
        for statement in statements:
            refuses(lived, statement, psycopg.errors.RestrictViolation, "is append-only")


def test_every_append_only_table_is_on_the_list(scene: Scene) -> None:
    guarded = scene.rows(
        "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger"
        " WHERE tgname ~ 'append_only$' AND tgparentid = 0 ORDER BY 1"
    )

    assert [row[0] for row in guarded] == sorted(APPEND_ONLY)


def test_what_was_asked_cannot_be_changed(lived: Scene) -> None:
    for statement in (
        "UPDATE payment_logs SET amount_minor = 1",
        "UPDATE payment_logs SET currency = 'USD'",
        "UPDATE payment_logs SET customer_id = 'eve'",
        "UPDATE payment_logs SET reference = 'p9'",
        "DELETE FROM payment_logs",
        "TRUNCATE payment_logs CASCADE",
    ):
        refuses(lived, statement, psycopg.errors.RestrictViolation, "is append-only")


def test_a_payment_cannot_move_without_the_steps_that_lead_there(lived: Scene) -> None:
    for change in (
        "state = 'refunded'",
        "lock_version = lock_version + 1",
        "head_hash = decode(repeat('00', 32), 'hex')",
        "captured_minor = captured_minor + 1",
        "refunded_minor = refunded_minor + 1",
        "disputed_minor = disputed_minor + 1",
    ):
        statement = f"UPDATE payment_logs SET {change}"
        refuses(lived, statement, psycopg.errors.IntegrityConstraintViolation, "without the steps")


def test_a_payment_can_only_begin_as_pending(scene: Scene) -> None:
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="begin as pending"):
        scene.execute(
            "INSERT INTO payment_logs (reference, client_id, customer_id, provider, account,"
            " amount_minor, currency, state, announced_by, head_hash)"
            " VALUES ('p1', 'c', 'ada', 'x', 'default', 1, 'NGN', 'completed', 'eve', '')"
        )


STEP = """
    INSERT INTO payment_transitions
    SELECT id, 2, 'completed', {event}, {to}, NULL, 'eve', 'why', 0, 0, 0, now(), head_hash,
           head_hash FROM payment_logs
"""


def test_only_legal_steps_can_be_stored(lived: Scene) -> None:
    for event, to in (("'succeeded'", "'pending'"), ("'cancelled'", "'cancelled'")):
        statement = STEP.format(event=event, to=to)
        refuses(
            lived,
            statement,
            psycopg.errors.ForeignKeyViolation,
            "payment_transitions_legal_fkey",
        )

    assert lived.execute(STEP.format(event="'corrected'", to="'refunded'")) == 1


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
        posting = ledger.Posting(
            what, payment_id, None, now(tx), kind, str(uuid4()), "test", service="sms"
        )
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
        payments.save(tx, [payments.Moved(stale.version, stale, None)])

    assert lived.sums("p1") == (1_000, 100, 0)


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
