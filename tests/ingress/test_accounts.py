from __future__ import annotations

import pytest

from domain.delivery import Mode
from domain.providers import PROVIDERS
from ingress import accounts
from ingress.errors import StartRefused

LIVE = "sk_live_0123456789abcdef0123456789abcdef"
TEST = "sk_test_0123456789abcdef0123456789abcdef"
STANDARD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

REFUSED = {
    "an empty secret": ({"PAYSTACK_SECRET_KEY": ""}, "PAYSTACK_SECRET_KEY is empty"),
    "blanks": ({"PAYSTACK_WEBHOOK_SECRET": "  "}, "PAYSTACK_WEBHOOK_SECRET is empty"),
    "an empty element": ({"PAYSTACK_SECRET_KEY": f"{TEST},"}, "has an empty element"),
    "a malformed secret": ({"STANDARD_WEBHOOKS_WEBHOOK_SECRET": "whsec_short"}, "form of a secret"),
    "a short secret": ({"PAYSTACK_SECRET_KEY": "short"}, "form of a secret"),
    "both modes": ({"PAYSTACK_SECRET_KEY": f"{LIVE},{TEST}"}, "mixes secrets of live and test"),
    "two that differ": (
        {"PAYSTACK_SECRET_KEY": TEST, "PAYSTACK_WEBHOOK_SECRET": LIVE},
        "PAYSTACK_WEBHOOK_SECRET and PAYSTACK_SECRET_KEY are both set and differ",
    ),
    "an empty alias": (
        {"PAYSTACK_SECRET_KEY": TEST, "PAYSTACK_WEBHOOK_SECRET": ""},
        "are both set and differ",
    ),
    "the default account twice": (
        {"PAYSTACK_SECRET_KEY": TEST, "PAYSTACK__DEFAULT_WEBHOOK_SECRET": TEST},
        "a second time",
    ),
    "a strange account": ({"PAYSTACK__a-b_WEBHOOK_SECRET": TEST}, "names no account"),
    "a mode that is none": (
        {"PAYSTACK_SECRET_KEY": TEST, "PAYSTACK_MODE": "both"},
        "PAYSTACK_MODE is neither",
    ),
    "a mode that is another": (
        {"PAYSTACK_SECRET_KEY": TEST, "PAYSTACK_MODE": "live"},
        "PAYSTACK_MODE contradicts",
    ),
    "too many secrets": ({"PAYSTACK_SECRET_KEY": ",".join([TEST] * 9)}, "more than 8"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_doubtful_secret_refuses_to_start_without_being_shown(case: str) -> None:
    environment, words = REFUSED[case]

    with pytest.raises(StartRefused, match=words) as refused:
        accounts.read(environment, PROVIDERS)

    said = str(refused.value)
    assert not any(
        value.strip() and value in said for value in environment.values() if value != "both"
    )


def test_without_a_secret_nobody_is_there() -> None:
    assert list(accounts.read({}, PROVIDERS)) == []


def test_a_variable_spells_provider_account_and_order_of_secrets() -> None:
    found = accounts.read({"STANDARD_WEBHOOKS__ACME_EU_WEBHOOK_SECRET": STANDARD}, PROVIDERS)

    account = found.find("standard-webhooks", "acme-eu")
    assert account is not None
    assert [secret.value for secret in account.secrets] == [STANDARD.encode()]
    assert found.find("standard-webhooks", "default") is None


def test_the_newest_secret_comes_first_and_its_name_does_not_show_it() -> None:
    found = accounts.read({"PAYSTACK_SECRET_KEY": f"{TEST}1, {TEST}2"}, PROVIDERS)

    account = found.find("paystack", "default")
    assert account is not None
    assert [secret.value for secret in account.secrets] == [
        f"{TEST}1".encode(),
        f"{TEST}2".encode(),
    ]
    assert len({secret.key_id for secret in account.secrets}) == 2
    assert all(secret.key_id not in TEST and TEST not in repr(secret) for secret in account.secrets)


def test_both_names_of_one_secret_are_one_account() -> None:
    environment = {"PAYSTACK_SECRET_KEY": TEST, "PAYSTACK_WEBHOOK_SECRET": TEST}

    assert [account.name for account in accounts.read(environment, PROVIDERS)] == ["default"]


@pytest.mark.parametrize(
    ("environment", "mode"),
    [
        ({"PAYSTACK_SECRET_KEY": TEST}, Mode.TEST),
        ({"PAYSTACK_SECRET_KEY": LIVE}, Mode.LIVE),
        ({"PAYSTACK_SECRET_KEY": "k" * 40}, None),
        ({"PAYSTACK_SECRET_KEY": "k" * 40, "PAYSTACK_MODE": "live"}, Mode.LIVE),
        ({"PAYSTACK__EU_WEBHOOK_SECRET": "k" * 40, "PAYSTACK__EU_MODE": "test"}, Mode.TEST),
    ],
)
def test_the_mode_is_that_of_the_secrets_or_as_told(
    environment: dict[str, str], mode: Mode | None
) -> None:
    assert [account.mode for account in accounts.read(environment, PROVIDERS)] == [mode]
