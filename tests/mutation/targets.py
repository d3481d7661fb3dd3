"""What is mutated, in four groups, and the tests that must notice."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

GATE = 0.90
"""Share of the mutants of every group that some test must kill."""

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "domain": (
            "domain.announcement",
            "domain.arrays",
            "domain.audit",
            "domain.calls",
            "domain.captures",
            "domain.commands",
            "domain.correcting",
            "domain.decide",
            "domain.facts",
            "domain.fold",
            "domain.judgement",
            "domain.money_limit",
            "domain.outflows",
            "domain.rates",
            "domain.refunds",
            "domain.retelling",
            "domain.strict_json",
            "domain.transitions",
            "domain.tries",
        ),
        "signatures": (
            "domain.signing",
            "domain.providers.body_hmac",
            "domain.providers.field_hash",
            "domain.providers.message_hmac",
            "domain.providers.one_event",
            "domain.providers.paystack",
            "domain.providers.public_keys",
            "domain.providers.standard_webhooks",
            "domain.providers.stripe",
            "domain.providers.timed_hmac",
            "domain.providers.token",
            "domain.providers.web_token",
        ),
        "ledger": ("domain.ledger", "domain.money", "domain.payment", "domain.purse"),
        "idempotency": (
            "domain.fingerprint",
            "domain.providers.event_keys",
            "ingress.api.idempotency",
            "ingress.api.once",
        ),
    }
)
WITH_STORES = frozenset({"ingress.api.idempotency", "ingress.api.once"})
"""Modules whose promise is about rows: their tests ask a real service with real stores."""

PURE_TESTS = (
    "tests/domain",
    "tests/conformance/test_any_bytes.py",
    "tests/conformance/test_bad_dialects.py",
    "tests/conformance/test_negative_bodies.py",
    "tests/conformance/test_negative_cases.py",
    "tests/conformance/test_vectors.py",
)
TESTS_WITH_STORES = (
    "tests/api/test_idempotency.py",
    "tests/api/test_idempotency_forms.py",
    "tests/api/test_idempotency_kept.py",
    "tests/api/test_idempotency_key.py",
    "tests/api/test_limits.py",
    "tests/api/test_together.py",
    "tests/api/test_together_answers.py",
    "tests/api/test_refund_requests.py",
)


def path_of(module: str) -> Path:
    """Return the file of a module."""
    return Path(module.replace(".", "/") + ".py")


def modules(only: str | None = None) -> dict[str, Path]:
    """Return the modules that are mutated, or the one that is named. Raises KeyError."""
    found = {name: path_of(name) for names in GROUPS.values() for name in names}
    if only is None:
        return found
    name = only.removesuffix(".py").replace("/", ".")
    name = name if name in found else f"domain.{name}"
    return {name: found[name]}


def group_of(module: str) -> str:
    """Return the group that a module is in."""
    return next(group for group, names in GROUPS.items() if module in names)
