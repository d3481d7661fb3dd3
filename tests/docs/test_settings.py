"""The table of settings is what the processes read, no more and no less."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic_settings import BaseSettings

import ingress.settings
import workers.settings
from domain.providers import PROVIDERS
from ingress import accounts
from ingress.errors import StartRefused
from tests.docs.pages import DEPLOY, code_words, table
from workers.operations import metrics

BY_PATTERN = {"accounts", "look_ups"}
"""Fields that are read from variables whose names are patterns."""

NONE_WORDS = {(): "none", None: "none", False: "`false`"}


def rows() -> dict[str, list[str]]:
    """Return the table's rows by variable; a row may have several."""
    return {name: row for row in table(DEPLOY, "variable") for name in code_words(row[0])}


def fields() -> dict[str, Any]:
    """Return the default of every field of every settings class, by its variable."""
    found: dict[str, Any] = {}
    for module in (ingress.settings, workers.settings):
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, BaseSettings):
                for name, field in value.model_fields.items():
                    if name not in BY_PATTERN:
                        found[name.upper()] = ... if field.is_required() else field.default
    return found


def test_every_setting_of_every_process_is_in_the_table_and_nothing_else_is() -> None:
    patterns = {name for name in rows() if "<" in name}
    keys = {f"{provider.upper()}_{end}" for provider, end in workers.settings.ACTING.items()}
    assert set(rows()) - patterns - set(accounts.ALIASES.values()) - keys == set(fields())


def test_the_keys_of_the_table_are_those_that_are_read() -> None:
    for provider, ending in workers.settings.ACTING.items():
        named = f"{provider.upper()}__<ACCOUNT>_{ending}"
        assert {named, f"{provider.upper()}_{ending}"} <= set(rows())
        variable = named.replace("<ACCOUNT>", "ACME_EU")
        secret = "sk_test_0123456789abcdef0123456789abcdef"
        assert (provider, "acme-eu") in workers.settings.keys({variable: secret})


@pytest.mark.parametrize("variable", sorted(fields()))
def test_the_table_names_the_default_that_the_process_takes(variable: str) -> None:
    default = fields()[variable]
    expected = "required" if default is ... else NONE_WORDS.get(default, f"`{default}`")
    assert rows()[variable][2] == expected


@pytest.mark.parametrize("provider", sorted(PROVIDERS))
def test_the_patterns_of_the_table_are_the_variables_of_accounts(provider: str) -> None:
    upper = provider.upper().replace("-", "_")
    for pattern in (name for name in rows() if name.endswith("_WEBHOOK_SECRET")):
        variable = pattern.replace("<PROVIDER>", upper).replace("<ACCOUNT>", "ACME_EU")
        with pytest.raises(StartRefused, match=variable):
            accounts.read({variable: ""}, PROVIDERS)


def test_the_mode_that_the_table_names_is_read() -> None:
    modes = [name for name in rows() if name.endswith("_MODE")]
    for pattern in modes:
        prefix = pattern.replace("<PROVIDER>", "STRIPE").replace("<ACCOUNT>", "EU")
        secret = f"{prefix.removesuffix('_MODE')}_WEBHOOK_SECRET"
        environment = {prefix: "neither", secret: f"whsec_{'0' * 32}"}
        with pytest.raises(StartRefused, match=prefix):
            accounts.read(environment, PROVIDERS)
    assert len(modes) == 2


def test_the_metrics_to_watch_are_the_metrics_there_are() -> None:
    counters = {f"{name}_total" for name, _ in metrics.COUNTERS.values()}
    gauges = {name for name, _ in metrics.GAUGES.values()}
    by_label = {
        "payratchet_dead_letters_open",
        "payratchet_set_aside_minor",
        "payratchet_owed_minor",
        "payratchet_provider_calls_recent",
        "payratchet_reconciliation_covered_through_seconds",
        "payratchet_reconciliation_heartbeat_seconds",
        "payratchet_reconciliation_differences",
    }
    named = {word for row in table(DEPLOY, "metric") for word in code_words(row[0])}
    watched = {word for word in named if re.fullmatch(r"payratchet_\w+", word)}
    assert watched == counters | gauges | by_label
