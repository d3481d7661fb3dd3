"""Cards: what a person must know of a provider before they trust its webhooks.

`docs/providers.md` and `payratchet providers list` are made of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Confidence = Literal["high", "medium", "low"]
Refetch = Literal["required", "recommended", "optional"]


@dataclass(frozen=True, slots=True)
class Card:
    """A provider, for people.

    `scheme`     what is signed, how, and where the signature stands.
    `key`        what the secret is, and where it is found.
    `covers`     what the signature covers: all of the body, some fields, or nothing.
    `refetch`    whether the provider must be asked before money moves. "required" means that no
                 fact is ever made of a delivery.
    `confidence` "high": the vendor's page and its code agree, or a published vector was recomputed.
                 "medium": one kind of source. "low": hearsay.
    `doubts`     what was not confirmed by anything that was read.
    """

    title: str
    scheme: str
    key: str
    retries: str
    sources: tuple[str, ...]
    covers: Literal["body", "fields", "nothing"] = "body"
    refetch: Refetch = "optional"
    confidence: Confidence = "high"
    doubts: tuple[str, ...] = ()
    traps: tuple[str, ...] = ()
