"""Bugs of the API, and of the calls by which providers are asked."""

from __future__ import annotations

from tests.chaos.planted import at_the_api as api
from tests.chaos.planted import of_calls as calls
from tests.chaos.planted.bug import (
    BALANCES,
    COMMANDS,
    FINAL,
    LIMITS,
    NOT_REFUSED,
    ONE_ANSWER,
    ONE_EFFECT,
    ONE_REQUEST,
    REFUNDS,
    REFUNDS_END,
    RESCUED,
    TOLD,
    WEBS,
    WORKERS,
    Bug,
    Plant,
)

BUSY_PER_S = 12.0
FEW_PER_S = 20.0
"""Orders and webhook events a second where it is the shop that must meet the bug."""

KEYS = (
    Plant("ingress.api.together", api.does_nothing_together),
    Plant("ingress.api.idempotency", api.keeps_keys_by_themselves),
    Plant("ingress.api.transactions", api.commits_effects_late),
)
REFUND_UNGUARDED = """
    CREATE OR REPLACE FUNCTION check_refund_within_capture() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
            payment record;
            live bigint;
        BEGIN
            SELECT reference, captured_minor, refunded_minor INTO payment
            FROM payment_logs WHERE id = NEW.payment_id;
            SELECT coalesce(sum(amount_minor) FILTER (WHERE status <> 'failed'), 0) INTO live
            FROM refunds WHERE payment_id = NEW.payment_id;
            PERFORM pg_sleep(0.3);
            IF live + NEW.amount_minor > payment.captured_minor THEN
                RAISE EXCEPTION 'a refund of % exceeds what is left of %',
                    NEW.amount_minor, payment.reference
                    USING ERRCODE = 'check_violation', CONSTRAINT = TG_NAME;
            END IF;
            RETURN NEW;
        END $$
"""

WORK_LOST = """
    CREATE FUNCTION lab_lose_work() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.lane = 'calls' AND NEW.event_id % 3 = 0 THEN
                RETURN NULL;
            END IF;
            RETURN NEW;
        END $$
"""

BUGS = (
    Bug(
        name="key-by-itself",
        sentence="An Idempotency-Key is committed before what it is for.",
        told_by=(RESCUED,),
        where=WEBS,
        plants=KEYS,
        saved_by="the trigger that keeps no key without its answer",
        rescued_by=("would be kept without its answer",),
    ),
    Bug(
        name="key-by-itself-unguarded",
        sentence="An Idempotency-Key is committed before what it is for, and nothing forbids it.",
        told_by=(ONE_ANSWER,),
        where=WEBS,
        plants=KEYS,
        statements=("DROP TRIGGER idempotency_keys_answered ON idempotency_keys",),
        faults=("kill_web",),
        orders_per_s=BUSY_PER_S,
        rate_per_s=FEW_PER_S,
    ),
    Bug(
        name="key-afterwards",
        sentence="An Idempotency-Key is committed after what it is for.",
        told_by=(TOLD,),
        where=WEBS,
        plants=(
            Plant("ingress.api.together", api.does_nothing_together),
            Plant("ingress.api.idempotency", api.claims_no_key),
            Plant("ingress.api.transactions", api.keeps_keys_afterwards),
        ),
        faults=("kill_web",),
        lasts_s=20.0,
        orders_per_s=BUSY_PER_S,
        rate_per_s=FEW_PER_S,
    ),
    Bug(
        name="command-without-work",
        sentence="A command is kept, and its work is not.",
        told_by=(COMMANDS,),
        statements=(
            WORK_LOST,
            (
                "CREATE TRIGGER lab_lose_work BEFORE INSERT ON inbound_work"
                " FOR EACH ROW EXECUTE FUNCTION lab_lose_work()"
            ),
        ),
        orders_per_s=BUSY_PER_S,
        rate_per_s=FEW_PER_S,
    ),
    Bug(
        name="5xx-kept",
        sentence="A failure of ours is kept under the key that it befell.",
        told_by=(ONE_ANSWER,),
        where=WEBS,
        plants=(Plant("ingress.api.once", api.keeps_refusals_of_the_store),),
        faults=("postgres_killed", "backend_killed"),
        orders_per_s=BUSY_PER_S,
        rate_per_s=FEW_PER_S,
    ),
    Bug(
        name="any-request-of-a-key",
        sentence="Another request under a known key is given the answer of the first.",
        told_by=(ONE_REQUEST,),
        where=WEBS,
        plants=(Plant("ingress.api.idempotency", api.answers_any_request_of_a_key),),
    ),
    Bug(
        name="limit-per-process",
        sentence="Each process counts a client's requests for itself.",
        told_by=(LIMITS,),
        where=WEBS,
        plants=(Plant("ingress.api.limits", api.counts_for_itself),),
    ),
    Bug(
        name="refund-without-a-lock",
        sentence="What is left of a payment is looked at before anybody is kept out.",
        told_by=(REFUNDS,),
        where=WEBS,
        plants=(Plant("ingress.api.refunds", api.refunds_without_a_lock),),
        statements=(REFUND_UNGUARDED,),
        lasts_s=20.0,
        orders_per_s=BUSY_PER_S,
        rate_per_s=FEW_PER_S,
    ),
    Bug(
        name="debit-without-a-lock",
        sentence="Credit is spent by a balance that others may be spending.",
        told_by=(RESCUED,),
        where=WEBS,
        plants=(Plant("ingress.api.credit", api.debits_without_a_lock),),
        saved_by="the constraint sms_transactions_in_sequence",
        rescued_by=("sms_transactions_in_sequence",),
        orders_per_s=BUSY_PER_S,
        rate_per_s=FEW_PER_S,
    ),
    Bug(
        name="debit-without-a-lock-unguarded",
        sentence="Credit is spent by a balance that others may spend, and nothing forbids it.",
        told_by=(BALANCES,),
        where=WEBS,
        plants=(Plant("ingress.api.credit", api.debits_without_a_lock),),
        statements=("ALTER TABLE sms_transactions DROP CONSTRAINT sms_transactions_in_sequence",),
        orders_per_s=BUSY_PER_S,
        rate_per_s=FEW_PER_S,
    ),
    Bug(
        name="key-of-each-try",
        sentence="Each try at a provider has an idempotency key of its own.",
        told_by=(ONE_EFFECT,),
        where=WORKERS,
        plants=(Plant("workers.clients.transport", calls.names_each_try),),
        faults=("provider_drops_answer",),
        lasts_s=20.0,
        fault_every_s=1.0,
        orders_per_s=BUSY_PER_S,
        rate_per_s=FEW_PER_S,
    ),
    Bug(
        name="silence-is-no",
        sentence="A call that was not answered is taken for refused.",
        told_by=(NOT_REFUSED, REFUNDS_END, FINAL),
        where=WORKERS,
        plants=(Plant("workers.calling.sending", calls.takes_silence_for_no),),
        faults=("provider_drops_answer",),
        lasts_s=20.0,
        fault_every_s=1.0,
        orders_per_s=BUSY_PER_S,
        rate_per_s=FEW_PER_S,
    ),
)
