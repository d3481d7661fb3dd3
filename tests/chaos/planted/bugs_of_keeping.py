"""Bugs between a webhook's arrival and the moment a worker takes it up."""

from __future__ import annotations

from tests.chaos.planted import at_the_door as door
from tests.chaos.planted import at_the_relay as relay
from tests.chaos.planted import at_the_workers as workers
from tests.chaos.planted.bug import (
    BOUNDED,
    CLAIMS,
    HONEST,
    LETTERS,
    LOST,
    ONE_ID,
    PROMPT,
    RELAYS,
    RESCUED,
    RESTING,
    SECRETS,
    SETTLING,
    STRANGERS,
    UNEXPECTED,
    WEBS,
    WORKERS,
    Bug,
    Plant,
)

RECORD, HOOKS, SWEEPS = "ingress.record", "ingress.webhooks", "workers.sweeps"

NO_KEY_OF_EVENTS = (
    "ALTER TABLE inbound_dedup DROP CONSTRAINT inbound_dedup_pkey",
    "CREATE INDEX ON inbound_dedup (source, account, event_key)",
)
LETTERS_OF_NOBODY = (
    "ALTER TABLE dead_letter_actions DROP CONSTRAINT dead_letter_actions_dead_letter_fkey",
    "ALTER TABLE replay_items DROP CONSTRAINT replay_items_letter_fkey",
    "ALTER TABLE event_edits DROP CONSTRAINT event_edits_letter_fkey",
)

BUGS = (
    Bug(
        name="ack-before-commit",
        sentence="A webhook is answered 200 a moment before its commit.",
        told_by=(LOST,),
        where=WEBS,
        plants=(Plant(RECORD, door.answers_before_the_commit),),
        faults=("kill_web", "postgres_killed"),
    ),
    Bug(
        name="async-commit-at-the-door",
        sentence="The door commits without waiting for the disk.",
        told_by=(LOST,),
        where=WEBS,
        plants=(Plant("ingress.store", door.commits_without_the_disk),),
        faults=("postgres_killed",),
        # Whoever commits next writes it out too: a kill meets what is not written only by luck.
        fault_every_s=1.0,
        lasts_s=30.0,
    ),
    Bug(
        name="ring-before-commit",
        sentence="The bell is rung before the commit: workers look in vain.",
        told_by=(PROMPT,),
        where=WEBS,
        plants=(Plant(RECORD, door.rings_before_the_commit),),
        saved_by="the relay, which rings again",
    ),
    Bug(
        name="ring-before-commit-no-relay",
        sentence="The bell is rung before the commit, and nobody rings again.",
        told_by=(RESTING, SETTLING),
        where=(*WEBS, *RELAYS),
        plants=(
            Plant(RECORD, door.rings_before_the_commit),
            Plant(SWEEPS, relay.rings_for_nobody),
        ),
    ),
    Bug(
        name="relay-off",
        sentence="Nobody rings again: a ring that is lost is an event that is lost.",
        told_by=(RESTING, SETTLING),
        where=RELAYS,
        plants=(Plant(SWEEPS, relay.rings_for_nobody),),
        faults=("flushall", "kill_worker", "queue_lost"),
    ),
    Bug(
        name="stale-claims-ignored",
        sentence="The relay never looks at claims whose worker is gone.",
        told_by=(CLAIMS, RESTING, SETTLING),
        where=RELAYS,
        plants=(Plant(SWEEPS, relay.looks_at_no_claim),),
        faults=("kill_worker",),
    ),
    Bug(
        name="leases-by-the-own-clock",
        sentence="When work is due again is told by the clock of whoever asks, not the database's.",
        told_by=(RESTING, SETTLING),
        where=(*WORKERS, *RELAYS),
        plants=(Plant("workers.store.inbox", relay.leases_by_its_clock),),
        faults=("clock_jump", "kill_worker", "flushall", "provider_errs"),
        lasts_s=25.0,
        fault_every_s=1.0,
    ),
    Bug(
        name="dedupe-in-redis",
        sentence="Events are known by what Redis remembers, for five minutes at most.",
        told_by=(ONE_ID,),
        where=WEBS,
        plants=(Plant(RECORD, door.knows_events_by_redis),),
        statements=NO_KEY_OF_EVENTS,
        faults=("flushall",),
    ),
    Bug(
        name="replay-as-new",
        sentence="A dead letter is replayed as an event of another id.",
        told_by=(LETTERS, RESTING, SETTLING),
        where=(*WORKERS, *RELAYS),
        plants=(Plant("workers.store.inbox", relay.replays_as_new),),
    ),
    Bug(
        name="letters-trimmed",
        sentence="Dead letters are deleted after a while.",
        told_by=(RESCUED,),
        where=RELAYS,
        plants=(Plant(SWEEPS, workers.trims_dead_letters),),
        saved_by="the foreign key of what was done about a letter",
        rescued_by=("dead_letter_actions_dead_letter_fkey", "replay_items_letter_fkey"),
    ),
    Bug(
        name="letters-trimmed-unguarded",
        sentence="Dead letters are deleted after a while, and no key forbids it.",
        told_by=(RESTING,),
        where=RELAYS,
        plants=(Plant(SWEEPS, workers.trims_dead_letters),),
        statements=LETTERS_OF_NOBODY,
    ),
    Bug(
        name="keep-before-verify",
        sentence="What arrives is kept before its signature is looked at.",
        told_by=(STRANGERS,),
        where=WEBS,
        plants=(Plant(HOOKS, door.keeps_before_it_verifies),),
    ),
    Bug(
        name="signatures-believed",
        sentence="Every signature is right.",
        told_by=(STRANGERS,),
        where=WEBS,
        plants=(Plant("domain.signing", door.believes_every_signature),),
    ),
    Bug(
        name="secret-in-the-log",
        sentence="A line of the log has a secret in it.",
        told_by=(SECRETS,),
        where=WEBS,
        plants=(Plant(HOOKS, door.logs_secrets),),
    ),
    Bug(
        name="dishonest-refusal",
        sentence="A store that is away is answered 500.",
        told_by=(HONEST, UNEXPECTED),
        where=WEBS,
        plants=(Plant("ingress.errors", door.answers_500),),
        faults=("postgres_killed", "postgres_frozen"),
    ),
    Bug(
        name="descriptors-leaked",
        sentence="Each delivery leaves a file open.",
        told_by=(BOUNDED, HONEST),
        where=WEBS,
        plants=(Plant(HOOKS, door.leaks_descriptors),),
    ),
)
