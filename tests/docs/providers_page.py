"""Write `docs/providers.md`: `python -m tests.docs.providers_page`.

What can be read out of the dialects is read out of them: their cards, settings and vocabularies.
The rest stands in `providers_page.md` beside this file, with notes for single providers at its end.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import TYPE_CHECKING

from domain.providers import PROVIDERS
from domain.providers.look_ups import LOOK_UPS
from domain.providers.one_event import OneEventProvider
from tests.docs.pages import ROOT
from tests.docs.vocabulary_table import events, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.delivery import Demanded, Setting
    from domain.providers import Dialect
    from domain.providers.card import Card

PAGE_FILE = "docs/providers.md"
TEMPLATE = Path(__file__).with_suffix(".md")
NOTES = "<!-- notes -->\n"

_NOTE = re.compile(r"^<!-- ([a-z0-9-]+) -->\n", re.MULTILINE)
_NAMED_BY = re.compile(r"Name (?:the \w+ by )?(.*?)\.?$")

COVERS = {
    "body": "all of the body",
    "fields": "some fields of the body; the others never become a fact",
    "nothing": "nothing of the body",
}
ASKED = {
    "required": "always: no delivery becomes a fact",
    "recommended": "recommended where money leaves; a delivery is enough to move money",
    "optional": "not needed: a delivery is enough to move money",
}
NAMED_ELSEWHERE = {"mercado-pago": "the object and the request id, which are signed"}
"""Of dialects that name an event by what is beside its body."""


def generated() -> dict[str, str]:
    """Return what the page must say, by its path."""
    template, _, notes = TEMPLATE.read_text().partition(NOTES)
    parts = {"table": _overview(), "providers": _providers(_notes(notes))}
    for name, text in parts.items():
        template = template.replace("{{" + name + "}}", text)
    return {PAGE_FILE: template.rstrip() + "\n"}


def _notes(text: str) -> dict[str, str]:
    pieces = _NOTE.split(text)[1:]
    return {name: note.strip() for name, note in zip(pieces[::2], pieces[1::2], strict=True)}


def _overview() -> str:
    head = ("provider", "path", "signed", "asked", "confidence")
    return table(head, (_row(provider) for provider in _by_title()))


def _row(provider: Dialect) -> tuple[str, ...]:
    card = provider.card
    asked = f"**{card.refetch}**" if card.refetch == "required" else card.refetch
    link = f"[{card.title}](#{_anchor(card.title)})"
    return (link, f"`{_path(provider)}`", card.scheme, asked, card.confidence)


def _anchor(title: str) -> str:
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _by_title() -> list[Dialect]:
    return sorted(PROVIDERS.values(), key=lambda each: each.card.title.lower())


def _path(provider: Dialect) -> str:
    return f"/webhooks/{provider.name}" + ("/{secret}" if provider.is_unsigned else "")


def _providers(notes: dict[str, str]) -> str:
    return "\n\n".join(_section(provider, notes.get(provider.name)) for provider in _by_title())


def _section(provider: Dialect, note: str | None) -> str:
    blocks = [f"## {provider.card.title}", table(("", ""), _facts(provider))]
    made = events(provider)
    blocks += [each for each in (made, note) if each]
    if provider.card.traps:
        blocks.append("\n".join(f"- {_sentence(trap)}" for trap in provider.card.traps))
    return "\n\n".join(blocks)


def _facts(provider: Dialect) -> Iterator[tuple[str, str]]:
    card = provider.card
    yield "path", f"`{_path(provider)}`"
    yield "signed", card.scheme
    yield "covered", COVERS[card.covers]
    yield "secret", f"`{_variable(provider, 'WEBHOOK_SECRET')}`: {card.key}"
    for setting in provider.settings:
        yield "setting", _setting(provider, setting)
    if provider.is_unsigned:
        yield "setting", f"`{_variable(provider, 'UNSIGNED')}=enabled`: it is wanted all the same"
    yield "known again by", _named_by(provider)
    if provider.demanded is not None:
        yield "answer", _demanded(provider.demanded)
    yield "tries again", card.retries
    yield "asked", ASKED[card.refetch]
    yield from _look_up(provider)
    yield "confidence", _confidence(card)
    yield "sources", ", ".join(_source(each) for each in card.sources)


def _look_up(provider: Dialect) -> Iterator[tuple[str, str]]:
    """Return how a provider is asked of whose deliveries nothing is proven."""
    if provider.card.refetch != "required":
        return
    look_up = LOOK_UPS.get(provider.name)
    if look_up is None:
        yield "look-up", "none is made of it: each event is set aside for a person"
        return
    yield "look-up", _setting(provider, look_up.key)
    for setting in look_up.settings:
        yield "look-up", _setting(provider, setting)
    if look_up.doubts:
        yield "look-up, not confirmed", "; ".join(look_up.doubts)


def _variable(provider: Dialect, ending: str) -> str:
    return f"{provider.name.upper().replace('-', '_')}_{ending}"


def _setting(provider: Dialect, setting: Setting) -> str:
    need = "" if setting.is_required else " (may be left out)"
    return f"`{_variable(provider, setting.name)}`: {setting.meaning}{need}"


def _named_by(provider: Dialect) -> str:
    """Return the parts of the key, out of the vocabulary or the contract of `key_parts`."""
    if provider.name in NAMED_ELSEWHERE:
        return NAMED_ELSEWHERE[provider.name]
    made = type(provider).__dict__.get("key_parts") or getattr(type(provider), "key_parts", None)
    vocabulary = getattr(provider, "vocabulary", None)
    if made is OneEventProvider.key_parts and vocabulary is not None:
        return ", ".join(f"`{path}`" for path in vocabulary.key)
    summary = " ".join((inspect.getdoc(made) or "").partition("\n\n")[0].split())
    found = _NAMED_BY.match(summary)
    return found[1] if found else summary


def _demanded(answer: Demanded) -> str:
    return f"{answer.status} `{answer.body.decode()}` ({answer.content_type.decode()})"


def _confidence(card: Card) -> str:
    if not card.doubts:
        return card.confidence
    return f"{card.confidence}; not confirmed: {'; '.join(card.doubts)}"


def _source(source: str) -> str:
    return f"<{source}>" if source.startswith("https://") else f"`{source}`"


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith(".") else ".")


def main() -> None:
    """Write the page."""
    for path, text in generated().items():
        (ROOT / path).write_text(text)


if __name__ == "__main__":
    main()
