"""The names that log lines use: events as dotted facts, and the only fields they may carry.

What is not on the list never reaches a log: no body, no secret, no signature, no e-mail.
"""

from __future__ import annotations

FIELDS = frozenset(
    {
        "account",
        "actor",
        "attempts",
        "code",
        "count",
        "elapsed_ms",
        "error_class",
        "event",
        "event_id",
        "event_ids",
        "lane",
        "level",
        "payment_id",
        "pid",
        "process",
        "provider",
        "reason",
        "reference",
        "request_id",
        "request_ids",
        "state",
        "status",
        "timestamp",
        "traceparent",
        "version",
        "worker",
    }
)
"""Fields that a log line may have; any other is dropped and counted in `dropped_fields`."""

TEXT_LENGTH_MAX = 1_000
"""Characters of one field's text; the rest is cut."""


def admissible(fields: dict[str, object]) -> dict[str, object]:
    """Return the fields that may be logged, with long text cut.

    Raises nothing: a log line must never fail a payment.
    """
    kept = {name: _short(value) for name, value in fields.items() if name in FIELDS}
    dropped = len(fields) - len(kept)
    return kept | {"dropped_fields": dropped} if dropped else kept


def _short(value: object) -> object:
    if isinstance(value, (int, float, bool)) or value is None:
        return value
    if isinstance(value, (list, tuple)):
        return [_short(item) for item in value[:TEXT_LENGTH_MAX]]
    return str(value)[:TEXT_LENGTH_MAX]
