"""Accounts of providers that are only asked are spelled by variables, and read strictly."""

from __future__ import annotations

import pytest

from domain.delivery import Mode
from domain.providers import PROVIDERS
from domain.providers.look_ups import LOOK_UPS
from tests.simulator.api.lookups.serving import DESKS
from workers.clients.registry import Clients
from workers.settings import KEY_VARIABLES, CallSettings, load

MOLLIE = "test_0123456789abcdef0123456789"
PAYPAL = {
    "PAYPAL_API_KEY": "0123456789-secret",
    "PAYPAL_CLIENT_ID": "0123456789-0123456789",
    "PAYPAL_MODE": "live",
}


BY_PEOPLE = ["wise"]
"""Providers of which every event is left to a person."""


def loaded(monkeypatch: pytest.MonkeyPatch, **variables: str) -> CallSettings:
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    return load(CallSettings)


def test_an_account_is_asked_where_its_key_says(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(
        monkeypatch,
        MOLLIE_CLASSIC_API_KEY=f"{MOLLIE}, test_an_older_key_0123456789",
        GOCARDLESS__ACME_EU_API_KEY="sandbox_0123456789abcdef0123",
        FLUTTERWAVE_V4_API_KEY="0123456789-secret",
        FLUTTERWAVE_V4_CLIENT_ID="0123456789",
        FLUTTERWAVE_V4_MODE="live",
    )

    mollie = settings.look_ups["mollie-classic", "default"]
    gocardless = settings.look_ups["gocardless", "acme-eu"]
    flutterwave = settings.look_ups["flutterwave-v4", "default"]
    assert mollie.key.get_secret_value() == MOLLIE
    assert (mollie.mode, mollie.url, mollie.tokens_url) == (
        Mode.TEST,
        "https://api.mollie.com",
        "",
    )
    assert (gocardless.mode, gocardless.url) == (Mode.TEST, "https://api-sandbox.gocardless.com")
    assert (flutterwave.mode, flutterwave.url) == (
        Mode.LIVE,
        "https://f4bexperience.flutterwave.com",
    )
    assert flutterwave.tokens_url == "https://idp.flutterwave.com"
    assert MOLLIE not in repr(settings)
    assert settings.accounts == {}


def test_a_mode_says_which_world_where_the_key_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = loaded(monkeypatch, **PAYPAL | {"PAYPAL_MODE": "test"})

    account = settings.look_ups["paypal", "default"]
    assert (account.mode, account.url) == (Mode.TEST, "https://api-m.sandbox.paypal.com")
    with Clients(settings) as clients:
        client = clients.find("paypal", "default")
        assert client is not None
        assert (client.name, client.mode) == ("paypal", Mode.TEST)
        assert clients.find("paypal", "other") is None
        assert set(clients) == {("paypal", "default")}


@pytest.mark.parametrize(
    ("named", "variables"),
    [
        ("MOLLIE_CLASSIC_API_KEY", {"MOLLIE_CLASSIC_API_KEY": ""}),
        ("MOLLIE_CLASSIC_API_KEY", {"MOLLIE_CLASSIC_API_KEY": "short-and-wrong"}),
        ("MOLLIE_CLASSIC_API_KEY", {"MOLLIE_CLASSIC_API_KEY": f"{MOLLIE}\r\nX-Evil: 1"}),
        ("MOLLIE_CLASSIC__acme_API_KEY", {"MOLLIE_CLASSIC__acme_API_KEY": MOLLIE}),
        ("MOLLIE_CLASSIC_MODE", {"MOLLIE_CLASSIC_API_KEY": MOLLIE, "MOLLIE_CLASSIC_MODE": "live"}),
        ("MOLLIE_CLASSIC_MODE", {"MOLLIE_CLASSIC_API_KEY": MOLLIE, "MOLLIE_CLASSIC_MODE": "prod"}),
        ("PAYPAL_MODE", {"PAYPAL_API_KEY": PAYPAL["PAYPAL_API_KEY"]}),
        ("PAYPAL_CLIENT_ID", {name: PAYPAL[name] for name in ("PAYPAL_API_KEY", "PAYPAL_MODE")}),
        ("PAYPAL_CLIENT_ID", PAYPAL | {"PAYPAL_CLIENT_ID": "no client"}),
        ("PAYPAL_API_URL", PAYPAL | {"PAYPAL_API_URL": "http://api-m.paypal.com"}),
        ("PAYPAL_API_URL", PAYPAL | {"PAYPAL_API_URL": "https://u:password@api-m.paypal.com"}),
    ],
)
def test_what_is_wrong_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, named: str, variables: dict[str, str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        loaded(monkeypatch, **variables)

    said = str(caught.value)
    assert said.startswith(f"settings_refused: {named}:")
    assert not any(text in said for text in variables.values() if len(text) > 4)


def test_the_address_of_an_api_may_be_another(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "http://127.0.0.1:8080/paypal"

    assert (
        loaded(monkeypatch, **PAYPAL, PAYPAL_API_URL=url).look_ups["paypal", "default"].url == url
    )


@pytest.mark.parametrize("slug", LOOK_UPS)
def test_whoever_is_asked_is_heard_too_and_only_asking_helps(slug: str) -> None:
    assert PROVIDERS[slug].card.refetch == "required"


@pytest.mark.parametrize("slug", [n for n, p in PROVIDERS.items() if p.card.refetch == "required"])
def test_whoever_proves_nothing_can_be_asked(slug: str) -> None:
    if slug in BY_PEOPLE:
        assert slug not in LOOK_UPS
        return
    assert slug in LOOK_UPS
    assert KEY_VARIABLES[slug] == "API_KEY"


def test_each_of_them_is_simulated() -> None:
    assert {each.slug for each in DESKS} == set(LOOK_UPS)


@pytest.mark.parametrize("slug", LOOK_UPS)
def test_addresses_are_https_and_settings_are_explained(slug: str) -> None:
    look_up = LOOK_UPS[slug]
    urls = [look_up.url(mode) for mode in (None, *Mode)]
    urls += [url for mode in Mode if (url := look_up.tokens_url(mode))]

    assert all(url.startswith("https://") and not url.endswith("/") for url in urls)
    assert look_up.key.name == "API_KEY"
    assert all(each.meaning and each.form for each in (look_up.key, *look_up.settings))
