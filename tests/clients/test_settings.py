from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from workers.clients.registry import Clients
from workers.settings import CallSettings, load

KEY = "sk_test_0123456789abcdef0123456789"
NEWER = "sk_test_fedcba98765432100123456789"


@pytest.fixture(autouse=True)
def _without_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PAYSTACK_SECRET_KEY", "STRIPE_API_KEY", "PAYSTACK_API_URL", "STRIPE_API_URL"):
        monkeypatch.delenv(name, raising=False)


def test_accounts_are_spelled_by_variables_and_the_newest_key_is_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PAYSTACK_SECRET_KEY", f"{NEWER}, {KEY}")
    monkeypatch.setenv("STRIPE__ACME_EU_API_KEY", KEY)

    settings = load(CallSettings)

    assert settings.accounts == {
        ("paystack", "default"): SecretStr(NEWER),
        ("stripe", "acme-eu"): SecretStr(KEY),
    }
    assert KEY not in repr(settings)
    with Clients(settings) as clients:
        paystack = clients.find("paystack", "default")
        assert paystack is not None
        assert (paystack.name, paystack.keys_live_s, paystack.can_cancel) == (
            "paystack",
            0.0,
            False,
        )
        stripe = clients.find("stripe", "acme-eu")
        assert stripe is not None
        assert stripe.can_cancel
        assert 0 < stripe.keys_live_s < 24 * 3600
        assert clients.find("stripe", "default") is None
        assert clients.find("standard-webhooks", "default") is None
        assert set(clients) == set(settings.accounts)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PAYSTACK_SECRET_KEY", ""),
        ("PAYSTACK_SECRET_KEY", "short"),
        ("STRIPE_API_KEY", f"{KEY}\r\nX-Evil: 1"),
        ("STRIPE__acme_API_KEY", KEY),
        ("STRIPE____API_KEY", KEY),
    ],
)
def test_a_key_of_no_possible_form_is_refused_by_the_name_of_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)

    with pytest.raises(SystemExit) as caught:
        load(CallSettings)

    assert variable in str(caught.value)
    assert value not in str(caught.value).split() or not value


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paystack.co",
        "ftp://api.paystack.co",
        "api.paystack.co",
        "https://",
        "https://user:password@api.paystack.co",
        "https://api.paystack.co/?a=b",
        "https://api.paystack.co/#a",
        "https://api.paystack.co:port",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
    ],
)
def test_a_key_goes_nowhere_in_the_clear_and_nowhere_but_to_the_host_named(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        CallSettings(paystack_api_url=url)

    assert "password" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://api.example.com/", "https://api.example.com"),
        ("http://127.0.0.1:8080/paystack", "http://127.0.0.1:8080/paystack"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost:8080", "http://localhost:8080"),
    ],
)
def test_https_is_needed_but_on_this_machine(url: str, taken: str) -> None:
    assert CallSettings(paystack_api_url=url).base_url("paystack") == taken
