"""The public keys that `web` fetches, for a check of one delivery: out of a file, as answered."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

import certifi
import click

from domain.delivery import KeyAnswer
from domain.errors import OutcomeUnknown, RequestMalformed, SignatureRefused
from workers.operations.output import Failed
from workers.settings import variable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Provider, Secret

AUTHORITIES_FILE = "KEY_AUTHORITIES_FILE"
"""The setting of `web` that names other authorities than browsers believe."""

OK = 200


def keys_for(
    provider: Provider, delivery: Delivery, secrets: Sequence[Secret], answer: bytes | None
) -> dict[str, bytes]:
    """Return the key that the delivery wants, by its name; none where none is wanted.

    `answer` is the body of the provider's answer to who asks for it. Raises Failed where it is
    wanted and not there, or is not the provider's.
    """
    try:
        wanted = provider.key_wanted(delivery, secrets)
    except (SignatureRefused, RequestMalformed):
        return {}  # the check itself says what is wrong
    if wanted is None:
        if answer is not None:
            raise click.UsageError(
                f"{provider.name} has no key that must be fetched: no --key-file"
            )
        return {}
    if answer is None:
        how = "GET" if wanted.content is None else "POST, with the API's id and secret"
        raise Failed(
            "key_missing",
            f"it is signed with a key that web fetches from {wanted.url} ({how}); save the answer"
            " and give it with --key-file",
        )
    tls = ssl.create_default_context(cafile=variable(AUTHORITIES_FILE) or certifi.where())
    roots = tls.get_ca_certs(binary_form=True)
    try:
        key = wanted.read(KeyAnswer(OK, answer, roots, delivery.received_at_s))
    except SignatureRefused as error:
        raise Failed("key_invalid", error.diagnosis) from error
    except OutcomeUnknown as error:
        raise Failed("key_invalid", str(error)) from error
    return {wanted.name: key}
