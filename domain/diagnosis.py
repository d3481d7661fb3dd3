"""Diagnosis: why a signature may have failed, for the person who has to mend it.

Tries what goes wrong in practice: a retired secret, that of another account or mode, another URL
than the one that was registered, and a proxy that wrote the JSON anew. What is found holds no part
of a secret and is never told to the caller.
"""

from __future__ import annotations

import dataclasses
import json
import re
from typing import TYPE_CHECKING, NamedTuple

from domain.delivery import Mode
from domain.errors import PayratchetError, SignatureExpired, SignatureInvalid, SignatureMissing

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from domain.delivery import Delivery, Provider, Secret
    from domain.errors import SignatureRefused

SUSPECTS_MAX = 8
"""Other sets of secrets that are tried."""

URLS_MAX = 16
"""Other spellings of an endpoint's URL that are tried."""

BODY_BYTES_MAX = 65_536
"""Bytes of a body that is written anew for a try."""

ENDPOINT_URL = "ENDPOINT_URL"
"""The setting of providers that sign the URL which was registered with them."""

REWRITTEN = "the body was serialised anew on its way; forward the bytes as they were sent"
RETIRED = "signed with a retired secret of this account; the provider still uses the old one"

_TEXT_OR_BLANK = re.compile(rb'("(?:[^"\\]|\\.)*")|[ \t\r\n]+')
_TEXT_OR_MARK = re.compile(rb'("(?:[^"\\]|\\.)*")|([,:])')


class Suspect(NamedTuple):
    """Secrets that should not have signed, and what it means when one of them has.

    `provider` is the dialect as that other account or mode has it; None: as this one has it.
    """

    words: str
    secrets: Sequence[Secret]
    provider: Provider | None = None


class Elsewhere(NamedTuple):
    """The account with another setting, and what it means when its own secret has signed so."""

    words: str
    provider: Provider


def other_account(name: str, mode: str | None) -> str:
    """Return what it means when a secret of that account has signed."""
    return f"signed with a secret of account {name}" + (f", mode {mode}" if mode else "")


def other_modes(
    provider: Provider, values: Mapping[str, str], mode: Mode | None
) -> list[Elsewhere]:
    """Return the dialect as an account of the other mode has it; `values` are its settings."""
    return [
        Elsewhere(f"signed for mode {other}, not {mode}", provider.configured(values, other))
        for other in Mode
        if other is not mode
    ]


def other_urls(
    provider: Provider, values: Mapping[str, str], mode: Mode | None, urls: Sequence[str]
) -> list[Elsewhere]:
    """Return the dialect under the other spellings of the URLs, where the URL is signed."""
    if all(setting.name != ENDPOINT_URL for setting in provider.settings):
        return []
    known = values.get(ENDPOINT_URL)
    spelt = dict.fromkeys(spelling for url in urls if url for spelling in _spellings(url))
    return [
        Elsewhere(
            f"signed for the URL {url}: {ENDPOINT_URL} must be what is registered, to the letter",
            provider.configured({**values, ENDPOINT_URL: url}, mode),
        )
        for url in list(spelt)[:URLS_MAX]
        if url != known
    ]


def reason(
    provider: Provider,
    error: SignatureRefused,
    delivery: Delivery,
    *,
    secrets: Sequence[Secret],
    suspects: Sequence[Suspect],
    elsewhere: Sequence[Elsewhere] = (),
) -> str:
    """Return the words for a person; the error's own where nothing more is found.

    `secrets` are those that should have signed, `elsewhere` is how else the account may have been
    meant. A signature that is missing or too old tells all there is to know by itself.
    """
    if isinstance(error, (SignatureMissing, SignatureExpired)):
        return error.diagnosis
    for suspect in suspects[:SUSPECTS_MAX]:
        if _proves(suspect.provider or provider, delivery, suspect.secrets):
            return suspect.words
    for other in elsewhere:
        if _proves(other.provider, delivery, secrets):
            return other.words
    if any(_proves(provider, rewritten, secrets) for rewritten in _rewritten(delivery)):
        return REWRITTEN
    return error.diagnosis


def _proves(provider: Provider, delivery: Delivery, secrets: Sequence[Secret]) -> bool:
    """Say whether one of the secrets has signed, whenever that was."""
    if not secrets:
        return False
    try:
        provider.verify(delivery, secrets)
    except SignatureInvalid:
        return False
    except SignatureExpired:
        return True
    except PayratchetError:
        return False
    return True


def _spellings(url: str) -> Iterator[str]:
    """Return the URL as others write it: https or http, a slash at its end or not, no query."""
    rest = re.sub(r"^https?://", "", url)
    path = rest.partition("?")[0]
    for scheme in ("https://", "http://"):
        for each in (rest, path, path.rstrip("/"), path.rstrip("/") + "/"):
            yield scheme + each


def _rewritten(delivery: Delivery) -> Iterator[Delivery]:
    """Return the delivery as it may have been before something wrote its JSON anew."""
    body = delivery.body
    if len(body) > BODY_BYTES_MAX:
        return
    try:
        tree = json.loads(body)
    except (ValueError, RecursionError):
        return
    compact = _TEXT_OR_BLANK.sub(lambda found: found[1] or b"", body)
    spaced = _TEXT_OR_MARK.sub(lambda found: found[1] or found[2] + b" ", compact)
    bodies = [compact, spaced, compact.replace(b"/", b"\\/"), compact.replace(b"\\/", b"/")]
    bodies += [body.rstrip(b"\r\n"), body + b"\n", json.dumps(tree, indent=2).encode()]
    for separators in ((",", ":"), (", ", ": ")):
        for ascii_only in (False, True):
            text = json.dumps(tree, separators=separators, ensure_ascii=ascii_only)
            bodies.append(text.encode(errors="replace"))
    for each in dict.fromkeys(bodies):
        if each != body:
            yield dataclasses.replace(delivery, body=each)
