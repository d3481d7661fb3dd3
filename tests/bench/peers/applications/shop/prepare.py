"""`python -m shop.prepare`: make the tables in an empty database, and what Stripe would tell.

With the account, its API key and the webhook endpoint known, dj-stripe asks Stripe for nothing
when an event arrives.
"""

from __future__ import annotations

import os

import django
from django.core.management import call_command


def prepare() -> None:
    from django.conf import settings  # noqa: PLC0415  # after setup
    from djstripe.enums import APIKeyType, WebhookEndpointStatus  # noqa: PLC0415
    from djstripe.models import Account, APIKey, WebhookEndpoint  # noqa: PLC0415

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    account = Account.objects.create(id="acct_1BenchPlatform", livemode=False, stripe_data={})
    APIKey.objects.create(
        secret=settings.STRIPE_TEST_SECRET_KEY,
        type=APIKeyType.secret,
        livemode=False,
        djstripe_owner_account=account,
    )
    WebhookEndpoint.objects.create(
        id="we_1Bench",
        livemode=False,
        djstripe_owner_account=account,
        djstripe_uuid=os.environ["STRIPE_ENDPOINT_UUID"],
        secret=os.environ["STRIPE_ENDPOINT_SECRET"],
        djstripe_tolerance=int(os.environ["STRIPE_TOLERANCE_S"]),
        enabled_events=["*"],
        status=WebhookEndpointStatus.enabled,
        url="https://shop.example/stripe/webhook/",
    )


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    prepare()
