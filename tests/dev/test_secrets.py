"""The secrets of a fresh checkout: made once, private, and known only to who uses them."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest

from tests.local import environments, fresh_secrets
from tests.local.errors import LocalRunFailed

if TYPE_CHECKING:
    from pathlib import Path


def test_secrets_are_made_once_and_only_their_owner_can_read_them(tmp_path: Path) -> None:
    file = tmp_path / "new" / "secrets.json"

    first = fresh_secrets.load(file, {})

    assert fresh_secrets.load(file, {}) == first
    assert file.stat().st_mode & 0o777 == 0o600
    assert first["PAYSTACK_SECRET_KEY"].startswith("sk_test_")
    assert first["STRIPE_WEBHOOK_SECRET"].startswith("whsec_test_")
    symmetric = first["STANDARD_WEBHOOKS_WEBHOOK_SECRET"].removeprefix("whsec_")
    assert len(base64.b64decode(symmetric, validate=True)) == 32
    assert first["STRIPE_API_KEY"].startswith("sk_test_")
    assert len(set(first.values())) == 6


def test_two_checkouts_never_share_a_secret(tmp_path: Path) -> None:
    one = fresh_secrets.load(tmp_path / "one", {})
    other = fresh_secrets.load(tmp_path / "other", {})

    assert not set(one.values()) & set(other.values())


@pytest.mark.parametrize("name", ["PAYSTACK_SECRET_KEY", "PAYSTACK_WEBHOOK_SECRET"])
def test_a_given_secret_is_never_replaced_under_either_of_its_names(
    name: str, tmp_path: Path
) -> None:
    made = fresh_secrets.load(tmp_path / "secrets", {name: ""})

    assert "PAYSTACK_SECRET_KEY" not in made
    assert "STRIPE_WEBHOOK_SECRET" in made


def test_a_damaged_file_is_told_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "secrets"
    file.write_text("{")

    with pytest.raises(LocalRunFailed, match="Delete it"):
        fresh_secrets.load(file, {})
    assert file.read_text() == "{"


STRIPE_KEYS = {"STRIPE_API_KEY", "STRIPE__EU_API_KEY"}


def test_each_process_gets_its_own_secrets_and_no_other() -> None:
    secrets = {
        "PAYSTACK_SECRET_KEY",
        "PAYSTACK_WEBHOOK_SECRET",
        "STRIPE_WEBHOOK_SECRET",
        "STRIPE_API_KEY",
        "STRIPE__EU_API_KEY",
        "ADYEN__OLD_WEBHOOK_SECRET",
        "API_KEY_PEPPER",
        "SESSION_SECRET",
    }
    everything = dict.fromkeys(secrets | {"DATABASE_URL"}, "x")

    for_calls = {"PAYSTACK_SECRET_KEY"} | STRIPE_KEYS
    known = {
        name: environments.for_process(name, everything).keys() & everything.keys()
        for name in ("release", "web", "worker", "relay", "console")
    }

    assert known == {
        "release": {"DATABASE_URL"},
        "web": secrets - {"SESSION_SECRET", *STRIPE_KEYS} | {"DATABASE_URL"},
        "worker": for_calls | {"DATABASE_URL"},
        "relay": {"DATABASE_URL"},
        "console": {"DATABASE_URL", "SESSION_SECRET"},
    }
