"""Corrections in the record: one transaction, sealed in the history, in any order with webhooks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, cast

import psycopg
import pytest

from domain.correcting import CorrectionUnfounded
from domain.transitions import State
from tests.workers.replayed import replay
from tests.workers.scene import body, capture, refund, wait_until
from workers import correcting, writing_off
from workers.correcting import PaymentChanged, PaymentUnknown
from workers.store import payments
from workers.verify import verify
from workers.writing_off import WriteOffUnfounded

if TYPE_CHECKING:
    from tests.workers.scene import Scene
    from workers.correcting import Done
    from workers.database import Transaction

ADA = "operator:ada"
RACES = 8


def correct(scene: Scene, to_state: str, reference: str = "p1", **how: Any) -> Done:
    return correcting.correct(
        scene.database, reference, State(to_state), actor=ADA, reason="the payer called", **how
    )


def lines(scene: Scene) -> list[tuple[str, int, int]]:
    """Return the customer's statement: kind, amount, balance after."""
    rows = scene.rows(
        "SELECT kind, amount_minor, balance_after_minor FROM sms_transactions"
        " ORDER BY customer_version"
    )
    return [(row[0], row[1], row[2]) for row in rows]


def holds(scene: Scene) -> None:
    verification = verify(scene.database)
    assert verification.problems == []


def test_what_did_not_fit_becomes_the_customers_top_up(scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("p1", 1_250))
    assert (scene.state("p1"), scene.credit()) == ("review", 0)

    correct(scene, "completed")

    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == ("completed", 1_250, 0)
    assert lines(scene) == [("top_up", 1_250, 1_250)]
    assert scene.steps("p1")[-1] == "review -corrected-> completed"
    assert scene.letters() == [(event_id, "mismatch", "resolved")]
    [(actor, reason)] = scene.rows(
        "SELECT actor, reason FROM payment_transitions WHERE event = 'corrected'"
    )
    assert (actor, reason) == (ADA, "the payer called")
    [(action, subject)] = scene.rows("SELECT action, subject FROM operator_actions")
    assert (action, subject) == ("payment_corrected", "payment:p1")
    holds(scene)


def test_a_second_capture_is_credited_as_an_adjustment(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"), capture("p1", object_id="T2"))

    correct(scene, "completed")

    assert lines(scene) == [("top_up", 1_000, 1_000), ("adjustment", 1_000, 2_000)]
    holds(scene)


def test_every_currency_is_credited_in_its_own(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 300, currency="USD"), capture("p1", 999, "T2"))

    correct(scene, "completed")

    balances = scene.rows("SELECT currency, balance_minor FROM customer_balances ORDER BY 1")
    assert balances == [("NGN", 999), ("USD", 300)]
    assert sorted(line[0] for line in lines(scene)) == ["adjustment", "top_up"]
    holds(scene)


@pytest.mark.parametrize(
    ("to_state", "later", "ends"),
    [
        ("completed", refund("p1", 250, capture_id="T1"), ("partially_refunded", 1_000, 0)),
        ("completed", refund("p1", 1_250, capture_id="T1"), ("refunded", 0, 0)),
        ("completed", capture("p1", object_id="T2"), ("review", 1_250, 1_000)),
        ("refunded", capture("p1", object_id="T2"), ("review", 0, 1_000)),
        ("refunded", refund("p1", 1_250, capture_id="T1"), ("review", 0, -1_250)),
    ],
)
def test_what_comes_after_a_correction_goes_on_from_it(
    scene: Scene, to_state: str, later: bytes, ends: tuple[str, int, int]
) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    correct(scene, to_state)

    scene.hear(later)

    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == ends
    holds(scene)


@pytest.mark.parametrize(
    ("to_state", "ends"),
    [
        ("failed", ("completed", 1_000)),
        ("processing", ("completed", 1_000)),
        ("cancelled", ("review", 0)),
        ("review", ("review", 1_000)),
    ],
)
def test_money_that_comes_after_a_correction_without_money_is_booked(
    scene: Scene, to_state: str, ends: tuple[str, int]
) -> None:
    scene.announce("p1")
    correct(scene, to_state)
    holds(scene)

    scene.hear(capture("p1"))

    assert (scene.state("p1"), scene.credit()) == ends
    holds(scene)


def test_a_correction_to_processing_has_the_provider_asked_again(scene: Scene) -> None:
    scene.announce("p1")

    correct(scene, "processing")

    assert scene.value("SELECT count(*) FROM verifications WHERE next_at <= now()") == 1


def test_several_corrections_carry_what_those_before_them_accepted(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    correct(scene, "completed")
    correct(scene, "review")
    scene.hear(capture("p1", 1_300))
    correct(scene, "completed")
    scene.hear(capture("p1", object_id="T2"))
    correct(scene, "completed")

    assert (scene.state("p1"), scene.credit(), scene.account("suspense")) == ("completed", 2_250, 0)
    assert lines(scene) == [("top_up", 1_250, 1_250), ("adjustment", 1_000, 2_250)]
    holds(scene)


def test_a_refused_correction_writes_nothing(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    with pytest.raises(CorrectionUnfounded):
        correct(scene, "failed")
    with pytest.raises(PaymentUnknown):
        correct(scene, "failed", reference="nobody")

    assert scene.value("SELECT count(*) FROM payment_corrections") == 0
    assert scene.version("p1") == 1


def test_a_correction_of_what_has_changed_since_it_was_shown_is_refused(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    with scene.database.transaction() as tx:
        seen = correcting.plan(tx, "p1", State.COMPLETED).shown
    scene.hear(capture("p1", 500, "T2"))

    with pytest.raises(PaymentChanged):
        correct(scene, "completed", expected=seen)

    assert (scene.state("p1"), scene.credit()) == ("review", 0)


def test_money_that_is_another_payments_is_not_settled_by_correcting_the_wrong_one(
    scene: Scene,
) -> None:
    scene.announce("p1", "p2")
    scene.hear(capture("p1", object_id="T1"))
    [event_id] = scene.hear(capture("p2", object_id="T1"))
    assert scene.letters() == [(event_id, "mismatch", "open")]

    correct(scene, "failed", reference="p2")

    assert scene.letters() == [(event_id, "mismatch", "open")]


def test_what_the_state_did_not_allow_is_tried_again_after_a_correction(scene: Scene) -> None:
    scene.announce("p1")
    [event_id] = scene.hear(capture("p1"))
    other = scene.receive(refund("p1", 100))
    scene.apply(other)
    scene.execute(
        "INSERT INTO dead_letters (event_id, received_at, source, account, event_type, reference,"
        " reason, error_class, fingerprint, message, attempts)"
        " SELECT id, received_at, source, account, 'refund', 'p1', 'illegal_transition', 'E', 'f',"
        " 'm', 1 FROM inbound_events WHERE id = %s",
        [other],
    )

    correct(scene, "review")
    assert scene.owed() == [other]
    scene.drain()

    assert scene.letters() == [(other, "illegal_transition", "resolved")]
    assert event_id not in scene.owed()


def test_a_webhook_and_a_correction_at_once_end_as_one_after_the_other(scene: Scene) -> None:
    """Whoever comes first: the books hold, and nobody is credited twice."""
    references = [f"p{number}" for number in range(1, RACES + 1)]
    scene.announce(*references)
    for reference in references:
        scene.hear(capture(reference, 1_250))
    later = {each: scene.receive(capture(each, object_id=f"{each}-2")) for each in references}

    for reference in references:

        def race(number: int, reference: str = reference) -> None:
            if number:
                scene.apply(later[reference])
            else:
                correct(scene, "completed", reference=reference)

        scene.at_once(2, race)

    for reference in references:
        state, owned = (
            scene.state(reference),
            scene.value(
                "SELECT accepted ? %s FROM payment_corrections JOIN payment_logs ON id = payment_id"
                " WHERE reference = %s",
                [f"{reference}-2", reference],
            ),
        )
        # The correction saw both captures, or the second came later and waits for a person. Heard
        # first and as asked, the second is credited and the other accepted.
        assert state == ("completed" if owned else "review")
    assert scene.top_ups() == RACES
    total = 2_250 * RACES
    assert scene.credit() + scene.account("suspense") == total
    holds(scene)


def test_two_corrections_at_once_are_one(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    refused: list[int] = []

    def race(number: int) -> None:
        try:
            correct(scene, "completed")
        except CorrectionUnfounded:
            refused.append(number)

    scene.at_once(4, race)

    assert len(refused) == 3
    assert (scene.credit(), scene.top_ups()) == (1_250, 1)
    holds(scene)


def test_a_correction_waits_for_whoever_has_the_payment(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    with ThreadPoolExecutor(1) as pool:
        with scene.database.transaction() as tx:
            payments.lock(tx, ["p1"])

            def one() -> Done:
                try:
                    return correct(scene, "completed")
                finally:
                    scene.database.close()

            waiting = pool.submit(one)
            wait_until(
                lambda: scene.value(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                    " AND datname = current_database()"
                )
            )
            assert not waiting.done()
        waiting.result()
    assert scene.state("p1") == "completed"


class Counting:
    """A transaction that counts what it is asked."""

    def __init__(self, tx: Transaction) -> None:
        self.statements = 0
        self._tx = tx

    def execute(self, *said: Any, **how: Any) -> Any:
        self.statements += 1
        return self._tx.execute(*said, **how)


def test_a_payment_without_a_correction_costs_no_further_statement(scene: Scene) -> None:
    scene.announce("p1", "p2")
    scene.hear(capture("p1", 1_250), capture("p2"))
    correct(scene, "completed")
    for reference, statements in (("p2", 2), ("p1", 3)):
        with scene.database.transaction() as tx:
            counted = Counting(tx)
            payments.lock(cast("Transaction", counted), [reference])
        assert counted.statements == statements


def tamper(scene: Scene, statement: str) -> None:
    scene.execute("SET session_replication_role = replica")
    assert scene.execute(statement) > 0
    scene.execute("SET session_replication_role = origin")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payment_corrections SET accepted = '{}'",
        """UPDATE payment_corrections SET given_back =
           '{"T9": {"amount_minor": 1, "currency": "NGN"}}'""",
        "UPDATE payment_corrections SET facts_known = facts_known + 1",
        "UPDATE payment_corrections SET actor = 'operator:eve'",
        "UPDATE payment_corrections SET approved_by = 'operator:eve'",
        "UPDATE payment_corrections SET reason = 'none'",
        "UPDATE payment_corrections SET to_state = 'refunded'",
        "UPDATE payment_corrections SET at = at + interval '1 microsecond'",
        "DELETE FROM payment_corrections",
        "UPDATE payment_logs SET corrected = false",
        """INSERT INTO payment_corrections (payment_id, version, to_state, accepted, given_back,
           facts_known, actor, reason) SELECT payment_id, 1, to_state, accepted, given_back,
           facts_known, actor, reason FROM payment_corrections""",
    ],
)
def test_a_correction_that_was_tampered_with_is_noticed(scene: Scene, statement: str) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    correct(scene, "completed")
    holds(scene)

    tamper(scene, statement)

    problems = verify(scene.database).problems
    assert any(each.startswith("payment p1") for each in problems), problems


def test_the_database_keeps_corrections_as_they_are(scene: Scene) -> None:
    scene.announce("p1")
    scene.hear(capture("p1", 1_250))
    correct(scene, "completed")

    for statement in (
        "UPDATE payment_corrections SET reason = 'none'",
        "DELETE FROM payment_corrections",
        "TRUNCATE payment_corrections",
    ):
        with pytest.raises(psycopg.errors.RestrictViolation):
            scene.execute(statement)
    with pytest.raises(psycopg.errors.CheckViolation, match="second_person"):
        scene.execute(
            "INSERT INTO payment_corrections (payment_id, version, to_state, accepted, given_back,"
            " facts_known, actor, approved_by, reason) VALUES (1, 1, 'failed', '{}', '{}', 0,"
            " 'operator:ada', 'operator:ada', 'x')"
        )


def lost(reference: str, amount_minor: int = 1_000) -> bytes:
    return body(
        "dispute.lost",
        reference,
        "D1",
        amount_minor=amount_minor,
        currency="NGN",
    )


def charged_back(scene: Scene, spent_minor: int) -> None:
    scene.announce("p1")
    scene.hear(capture("p1"))
    if spent_minor:
        scene.announce("spent", amount_minor=spent_minor)
        scene.hear(capture("spent", spent_minor, "T8"), refund("spent", 2 * spent_minor, "R8"))
    scene.hear(lost("p1"))
    assert scene.state("p1") == "charged_back"


def write_off(scene: Scene, **how: Any) -> Done:
    return writing_off.write_off(scene.database, "p1", actor=ADA, reason="gone", **how)


def test_what_a_lost_dispute_left_below_zero_is_written_off_once(scene: Scene) -> None:
    charged_back(scene, 400)
    assert scene.credit() == -400

    write_off(scene)

    assert (scene.credit(), scene.account("chargeback_loss")) == (0, -400)
    assert lines(scene)[-1] == ("adjustment", 400, 0)
    with pytest.raises(WriteOffUnfounded, match="once"):
        write_off(scene)
    holds(scene)


def test_no_more_is_written_off_than_the_dispute_took(scene: Scene) -> None:
    charged_back(scene, 3_000)
    assert scene.credit() == -3_000

    write_off(scene)

    assert scene.credit() == -2_000
    holds(scene)


def test_nothing_is_written_off_where_nothing_is_missing(scene: Scene) -> None:
    charged_back(scene, 0)
    assert scene.credit() == 0

    with pytest.raises(WriteOffUnfounded, match="not below zero"):
        write_off(scene)
    scene.announce("p2")
    with pytest.raises(WriteOffUnfounded, match="only what is charged_back"):
        writing_off.write_off(scene.database, "p2", actor=ADA, reason="x")


def test_two_write_offs_at_once_are_one(scene: Scene) -> None:
    charged_back(scene, 400)
    refused: list[int] = []

    def race(number: int) -> None:
        try:
            write_off(scene)
        except WriteOffUnfounded:
            refused.append(number)

    scene.at_once(3, race)

    assert (len(refused), scene.account("chargeback_loss")) == (2, -400)


def test_a_write_off_of_more_than_was_lost_is_noticed(scene: Scene) -> None:
    charged_back(scene, 400)
    write_off(scene)
    holds(scene)

    tamper(scene, "UPDATE ledger_entries SET amount_minor = amount_minor * 3"
           " WHERE effect = 'write_off'")  # fmt: skip

    assert any("write-off" in each for each in verify(scene.database).problems)


def test_an_event_that_says_nothing_new_is_not_set_aside_again_for_a_persons_review(
    scene: Scene,
) -> None:
    scene.announce("p1")
    scene.break_for("p1", "RAISE EXCEPTION 'broken'")
    [event_id] = scene.hear(capture("p1"))
    scene.drain()
    scene.mend()
    scene.hear(capture("p1"))
    correct(scene, "review")

    replay(scene.database, [scene.letter_id(event_id)], actor=ADA, reason="mended")

    assert scene.letters() == [(event_id, "exhausted", "resolved")]
    assert scene.state("p1") == "review"
