"""The table of a provider's events, out of its vocabulary: which becomes what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.money import EXPONENTS
from domain.providers.ask_first import AskFirst
from domain.providers.token import Unproven
from domain.providers.vocabulary import Says, Vocabulary
from domain.providers.wire_values import Unit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from domain.providers import Dialect
    from domain.providers.vocabulary import Claim

_LISTED = re.compile(r"\.[0-9](?=\.|$)")

WORDS = {
    Says.INITIALIZED: "the payment `{id}` is known there",
    Says.SUCCEEDED: "a success of `{id}`, of `{amount}`",
    Says.FAILED: "a failure of `{id}`",
    Says.REFUND_PENDING: "a refund `{id}` that waits, of `{amount}`",
    Says.REFUND_SUCCEEDED: "a refund `{id}` that succeeded, of `{amount}`",
    Says.REFUND_FAILED: "a refund `{id}` that failed, of `{amount}`",
    Says.REFUND_TOTAL: "all that was refunded of `{id}` so far: `{amount}`",
    Says.DISPUTE_OPENED: "a dispute `{id}` that is open, of `{amount}`",
    Says.DISPUTE_WON: "a dispute `{id}` that was won, of `{amount}`",
    Says.DISPUTE_LOST: "a dispute `{id}` that was lost, of `{amount}`",
}
UNITS = {
    Unit.MINOR: "integers of the currency's minor unit",
    Unit.MINOR_DIGITS: "integers of the currency's minor unit, or their digits in a text",
    Unit.MAJOR: "plain decimal numbers of the currency itself, as a number or in a text",
}
HEAD = ("event", "becomes")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown; a bar in a cell is escaped."""
    lines = [head, ["---"] * len(head), *([c.replace("|", "\\|") for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def events(provider: Dialect) -> str:
    """Return the table, and where the reference stands; nothing where it cannot be read out."""
    if isinstance(provider, AskFirst):
        return table(HEAD, _asked(provider)) + "\n\n" + _reference(provider.vocabulary)
    if isinstance(provider, Unproven):
        return table(HEAD, _heard(provider))
    vocabulary = getattr(provider, "vocabulary", None)
    if not isinstance(vocabulary, Vocabulary) or provider.name == "korapay":
        return ""
    decimals = "" if vocabulary.decimals is EXPONENTS else ", with decimals of its own table"
    told = f"{_reference(vocabulary)} Amounts are {UNITS[vocabulary.unit]}{decimals}."
    return table(HEAD, _rows(vocabulary)) + "\n\n" + told.strip()


def _asked(provider: AskFirst) -> Iterator[tuple[str, str]]:
    types = ", ".join(f"`{each}…`" if each[-1] in "./" else f"`{each}`" for each in provider.about)
    paths = dict.fromkeys(path for each in provider.about.values() for path in each)
    yield types, f"a question about {_else(tuple(paths))}"
    yield "everything else", "nothing"


def _heard(provider: Unproven) -> Iterator[tuple[str, str]]:
    if provider.ignored:
        yield ", ".join(f"`{each}…`" for each in provider.ignored), "nothing"
        yield "everything else", "a question about what it names"
    else:
        yield "every one", "a question about what it names"


def _rows(vocabulary: Vocabulary) -> Iterator[tuple[str, str]]:
    by_meaning: dict[str, list[str]] = {}
    for type_, claims in vocabulary.claims.items():
        by_meaning.setdefault(_meaning(claims), []).append(f"`{type_}`")
    for meaning, types in by_meaning.items():
        yield ", ".join(types), meaning


def _meaning(claims: Sequence[Claim]) -> str:
    return "<br>".join(dict.fromkeys(_claim(claim) for claim in claims))


def _claim(claim: Claim) -> str:
    words = WORDS[claim.says].format(id=_any(claim.object_id), amount=_any(claim.amount))
    conditions = [
        f"`{_any(path)}` is {' or '.join(f'`{text}`' for text in texts)}"
        for path, texts in claim.only_if
    ]
    return f"{words}, if {' and '.join(conditions)}" if conditions else words


def _any(path: str) -> str:
    """Return the path with the places of a list as one."""
    return _LISTED.sub(".N", path)


def _reference(vocabulary: Vocabulary) -> str:
    if not vocabulary.reference:
        return ""
    return f"The reference is {_else(vocabulary.reference)}."


def _else(paths: Sequence[str]) -> str:
    return ", else ".join(f"`{path}`" for path in paths)
