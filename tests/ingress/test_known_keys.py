"""Which secrets are live is in the record, by name; a retired one explains and proves nothing."""

from __future__ import annotations

import psycopg
import pytest

from domain.providers import PROVIDERS
from domain.providers.canary import secret_of
from domain.signing import key_id
from ingress import accounts, known_keys
from ingress.errors import StartRefused
from tests.ingress.serving import OLD_SECRET, SECRET, charge, serving, until

PEPPER = "0123456789abcdef0123456789abcdef"


def test_a_retired_secret_proves_nothing_and_says_that_it_was_used(
    database_url: str, redis_url: str
) -> None:
    environment = {"PAYSTACK_SECRET_KEY": SECRET, "PAYSTACK_RETIRED_SECRET": OLD_SECRET}
    with serving(database_url, redis_url, environment=environment) as door:
        assert door.post(charge(), secret=OLD_SECRET).status == 401
        assert door.post(charge(2)).status == 200
        until(lambda: door.count("refused_requests") == 1)
        [(diagnosis,)] = door.rows("SELECT diagnosis FROM refused_requests")
        assert diagnosis.startswith("signed with a retired secret of this account")
        assert door.count("inbound_events") == 1


@pytest.mark.parametrize("text", ["", "short"])
def test_a_doubtful_retired_secret_refuses_to_start(text: str) -> None:
    environment = {"PAYSTACK_SECRET_KEY": SECRET, "PAYSTACK_RETIRED_SECRET": text}
    with pytest.raises(StartRefused, match="PAYSTACK_RETIRED_SECRET"):
        accounts.read(environment, PROVIDERS)


def test_only_who_has_the_pepper_hears_the_canary() -> None:
    found = accounts.read({"API_KEY_PEPPER": PEPPER}, PROVIDERS).find("canary", "default")

    assert found is not None
    assert [secret.value.decode() for secret in found.secrets] == [secret_of(PEPPER)]
    assert PEPPER not in secret_of(PEPPER)
    assert list(accounts.read({"CANARY_WEBHOOK_SECRET": SECRET}, PROVIDERS)) == []


def test_the_process_that_started_last_says_which_secrets_are_live(
    database_url: str, redis_url: str
) -> None:
    rotating = {"PAYSTACK_SECRET_KEY": f"{SECRET},{OLD_SECRET}", "API_KEY_PEPPER": PEPPER}
    query = "SELECT source, account, key_id, mode FROM source_keys ORDER BY place"
    with serving(database_url, redis_url, environment=rotating) as door:
        until(lambda: door.count("source_keys") == 2)
        assert door.rows(query) == [
            ("paystack", "default", key_id(SECRET), "test"),
            ("paystack", "default", key_id(OLD_SECRET), "test"),
        ]
    with serving(database_url, redis_url, environment={"PAYSTACK_SECRET_KEY": SECRET}) as door:
        until(lambda: door.count("source_keys") == 1)
        assert [row[2] for row in door.rows(query)] == [key_id(SECRET)]
    with serving(database_url, redis_url, environment={}) as door:
        until(lambda: door.count("source_keys") == 0)


def test_deliveries_are_kept_while_the_secrets_names_cannot_be(
    database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(known_keys, "TRY_EVERY_S", 0.05)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("ALTER TABLE source_keys RENAME TO away")
        with serving(database_url, redis_url) as door:
            assert door.post(charge()).status == 200
            connection.execute("ALTER TABLE away RENAME TO source_keys")
            until(lambda: door.count("source_keys") == 1)
