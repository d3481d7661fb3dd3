"""Exemptions: sites at which no scenario crashes, each with the reason why nobody misses it."""

from __future__ import annotations

LOOKS = "it only looks: what it reads is shown to somebody, and nothing is written after it"
CONSOLE = (
    "a page or a form of the console: one transaction around acts of the stores, which are crashed"
    " at where commands do them"
)
SIGN_IN = (
    "sessions of people and their failures to sign in: no money, and whoever is cut off tries again"
)
DOCTOR = "the doctor's and the process' own examination: it writes what is thrown away"
EARS = "it listens for changes: whoever waits also looks"
ELSEWHERE = "the same call is crashed at where its kind makes it; a kind that only asks never does"
REHEARSED = "a savepoint that is rolled back whatever happens: a rehearsal, or a weighing"
LOSS = (
    "the provider's side is at the port of the clients here; what a wire loses is the lab's affair"
)

KEYLESS = (
    "a write without a key, which only follows an attempt that failed: it is done as that with a"
    " key, at which is crashed"
)

EXEMPT: tuple[tuple[str, str], ...] = (
    ("ingress.api.changes.", EARS),
    ("ingress.api.customers.", LOOKS),
    ("ingress.api.idempotency.find:", LOOKS),
    ("ingress.api.listing.", LOOKS),
    ("ingress.api.refunds.list_refunds:", LOOKS),
    ("ingress.api.refunds._left:", LOOKS),
    ("ingress.api.timeline.", LOOKS),
    ("ingress.api.transactions.read:", LOOKS),
    (
        "ingress.api.transactions._committed:execute#1",
        KEYLESS,
    ),
    ("ingress.health.", DOCTOR),
    ("ingress.key_requests.", LOOKS),
    (
        "ingress.store.prepare:execute#5",
        "set only on a server that is durable, which tests' is not",
    ),
    ("ingress.store.schema_revision:", DOCTOR),
    ("workers.calling.kind.Kind.act:look_up", ELSEWHERE),
    ("workers.clients.wire.", LOSS),
    ("workers.console.", CONSOLE),
    ("workers.database.Database.transaction:", "its callers are the sites of what it begins"),
    ("workers.operations.approvals.", LOOKS),
    ("workers.operations.asking.", LOOKS),
    ("workers.operations.cli.", "migrations: the owner's, before anything runs"),
    ("workers.operations.clients.list_:", LOOKS),
    ("workers.operations.corrections.", LOOKS),
    ("workers.operations.dead_letters.", LOOKS),
    ("workers.operations.events.list_:", LOOKS),
    ("workers.operations.events.show:", LOOKS),
    ("workers.operations.examination.", DOCTOR),
    ("workers.operations.explain.", LOOKS),
    ("workers.operations.letter_replays._refuse_closed:", LOOKS),
    ("workers.operations.letter_replays._drive:", LOOKS),
    ("workers.operations.letter_replays._follow.", LOOKS),
    ("workers.operations.letter_tales.export:", LOOKS),
    ("workers.operations.letter_tales._read:", LOOKS),
    ("workers.operations.metrics.", LOOKS),
    ("workers.operations.operators.list_:", LOOKS),
    ("workers.operations.payments.", LOOKS),
    ("workers.operations.providers.", LOOKS),
    ("workers.operations.reconcile.", "the command begins a run as the relay does, and looks on"),
    ("workers.operations.refused.", LOOKS),
    ("workers.operations.replays.", LOOKS),
    ("workers.replaying.rehearsal._alone:", REHEARSED),
    ("workers.replaying.weighing._weigh_edited:", REHEARSED),
    ("workers.starting.", DOCTOR),
    (
        "workers.store.api_clients.end_key:",
        "one key ends as all of a client's do, which is crashed",
    ),
    ("workers.store.api_clients.listed:", LOOKS),
    ("workers.store.approvals.listed:", LOOKS),
    ("workers.store.approvals.shown:", LOOKS),
    ("workers.store.canaries.", DOCTOR),
    ("workers.store.console_sessions.", SIGN_IN),
    ("workers.store.console_views.", LOOKS),
    ("workers.store.corrections.newest:", LOOKS),
    ("workers.store.corrections.of_payments:", LOOKS),
    ("workers.store.event_edits.asked_minor:", LOOKS),
    ("workers.store.events_shown._rows:", LOOKS),
    ("workers.store.lives.is_dead:", "it looks who lives; what follows is the taking of a lock"),
    ("workers.store.operators.any_exist:", LOOKS),
    ("workers.store.operators.listed:", LOOKS),
    ("workers.store.operators.password_hash:", SIGN_IN),
    ("workers.store.overview_views.", LOOKS),
    ("workers.store.reconciliation_views.", LOOKS),
    ("workers.store.reconciliations.has_looked_back:", LOOKS),
    ("workers.store.provider_calls.first_asked_at_s:", LOOKS),
    ("workers.store.provider_calls.may_exist:", LOOKS),
    ("workers.store.refunds_shown.", LOOKS),
    ("workers.store.replays.look:", LOOKS),
    ("workers.store.samples.recent:", LOOKS),
    ("workers.store.sign_in_failures.", SIGN_IN),
    ("workers.store.sources.", LOOKS),
    ("workers.store.standings.", LOOKS),
    ("workers.store.views.", LOOKS),
    ("workers.verify.", LOOKS),
)
"""Beginnings of names of sites, and the reason. Each has to be needed."""


def why(site: str) -> str | None:
    """Return why nobody crashes at a site, None where somebody has to."""
    return next((reason for name, reason in EXEMPT if site.startswith(name)), None)


def needless(passed: set[str], all_sites: list[str]) -> list[str]:
    """Return the exemptions of what is crashed at after all, or is not there any more."""
    return [
        name
        for name, _ in EXEMPT
        if not any(site.startswith(name) and site not in passed for site in all_sites)
    ]
