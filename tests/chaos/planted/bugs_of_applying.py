"""Bugs of those who apply events, and of the rules behind them."""

from __future__ import annotations

from tests.chaos.planted import at_the_api as api
from tests.chaos.planted import at_the_workers as workers
from tests.chaos.planted import of_amounts as amounts
from tests.chaos.planted.bug import (
    APPLYING,
    AUDIT,
    BOOKED,
    LEGAL,
    ONCE,
    RESCUED,
    ROWS,
    VERSIONS,
    WEBS,
    WORKERS,
    Bug,
    Plant,
)

PAYMENTS = "workers.store.payments"

NO_KEY_OF_STEPS = (
    "ALTER TABLE payment_transitions DROP CONSTRAINT payment_transitions_pkey CASCADE",
    "CREATE INDEX ON payment_transitions (payment_id, version)",
)
NO_STEPS_ASKED_FOR = ("DROP TRIGGER payment_logs_steps_exist ON payment_logs",)
NO_LEGAL_KEY = ("ALTER TABLE payment_transitions DROP CONSTRAINT payment_transitions_legal_fkey",)
NOTHING_ONCE = (
    "ALTER TABLE payment_facts DROP CONSTRAINT payment_facts_once",
    "ALTER TABLE ledger_entries DROP CONSTRAINT ledger_entries_effect_once",
    "CREATE INDEX ON ledger_entries (payment_id, effect, object_id)",
    "DROP INDEX sms_transactions_one_top_up_per_payment",
    "ALTER TABLE sms_transactions DROP CONSTRAINT sms_transactions_reference_once",
    "CREATE INDEX ON sms_transactions (reference)",
)

BUGS = (
    Bug(
        name="no-lock",
        sentence="A payment is read without locking its row.",
        told_by=(RESCUED,),
        where=APPLYING,
        plants=(Plant(PAYMENTS, workers.locks_no_payment),),
        saved_by="the key of its history, and the fence of its version",
        rescued_by=("payment_transitions_pkey",),
    ),
    Bug(
        name="no-lock-no-fence",
        sentence="A payment is read without locking its row, and written whatever its version.",
        told_by=(VERSIONS,),
        where=APPLYING,
        plants=(
            Plant(PAYMENTS, workers.locks_no_payment),
            Plant(PAYMENTS, workers.knows_no_fence),
        ),
        statements=(*NO_KEY_OF_STEPS, *NO_STEPS_ASKED_FOR),
    ),
    Bug(
        name="no-applied-check",
        sentence="What is known of a payment is applied again.",
        told_by=(RESCUED,),
        where=APPLYING,
        plants=(Plant("domain.decide", workers.applies_what_is_known),),
        saved_by="the constraints payment_facts_once and ledger_entries_effect_once",
        rescued_by=("payment_facts_once", "ledger_entries_effect_once"),
    ),
    Bug(
        name="no-applied-check-no-unique",
        sentence="What is known of a payment is applied again, and no constraint forbids it.",
        told_by=(ONCE, BOOKED),
        where=(*APPLYING, *WEBS),
        plants=(
            Plant("domain.decide", workers.applies_what_is_known),
            Plant("workers.store.ledger", workers.holds_again),
            Plant("ingress.api.credit", api.spends_under_any_name),
        ),
        statements=NOTHING_ONCE,
    ),
    Bug(
        name="no-order-check",
        sentence="Of several words on a refund the last one that came counts.",
        told_by=(BOOKED, AUDIT),
        where=APPLYING,
        plants=(Plant("domain.outflows", workers.believes_the_last_word),),
    ),
    Bug(
        name="edge-too-many",
        sentence="The table of transitions has an edge that it should not have.",
        told_by=(RESCUED,),
        where=APPLYING,
        plants=(Plant("domain.transitions", workers.knows_one_edge_more),),
        saved_by="the database's own table of transitions",
        rescued_by=("payment_transitions_legal_fkey",),
    ),
    Bug(
        name="edge-too-many-unguarded",
        sentence="Both tables of transitions let a step pass that is illegal.",
        told_by=(LEGAL,),
        where=APPLYING,
        plants=(Plant("domain.transitions", workers.knows_one_edge_more),),
        statements=NO_LEGAL_KEY,
    ),
    Bug(
        name="history-later",
        sentence="A payment's history is written in a second transaction.",
        told_by=(RESCUED,),
        where=WORKERS,
        plants=(Plant(PAYMENTS, workers.writes_history_later),),
        saved_by="the trigger that asks for the steps of a payment that moves",
        rescued_by=("without the steps that lead there",),
    ),
    Bug(
        name="history-later-unguarded",
        sentence="A payment's history is written in a second transaction, and nothing asks for it.",
        told_by=(VERSIONS,),
        where=WORKERS,
        plants=(Plant(PAYMENTS, workers.writes_history_later),),
        statements=NO_STEPS_ASKED_FOR,
        faults=("kill_worker",),
    ),
    Bug(
        name="hash-without-the-one-before",
        sentence="A step of the history is sealed by itself.",
        told_by=(AUDIT,),
        where=(*APPLYING, *WEBS),
        plants=(Plant("domain.audit", workers.seals_each_step_alone),),
    ),
    Bug(
        name="double-credit",
        sentence="Each top-up is credited twice, and all books of ours agree.",
        told_by=(BOOKED,),
        where=APPLYING,
        plants=(Plant("workers.outcome", workers.credits_twice),),
    ),
    Bug(
        name="yen-have-cents",
        sentence="Amounts of a currency without decimals are taken a hundred times.",
        told_by=(BOOKED, ROWS),
        where=APPLYING,
        plants=(Plant("domain.providers.amounts", amounts.has_cents_in_every_currency),),
    ),
    Bug(
        name="money-in-floats",
        sentence="An amount is in major units for a moment, as a float.",
        told_by=(BOOKED, ROWS),
        where=APPLYING,
        plants=(Plant("domain.providers.amounts", amounts.counts_in_floats),),
    ),
)
