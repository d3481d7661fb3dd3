from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from domain.operators import Role
from tests.console.reading_pages import Page
from tests.console.serving import serve
from tests.hostile.shown import page_faults, terminal_faults
from tests.hostile.strings import HOSTILE
from tests.workers.scene import body

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

_SHOWN = '"type": "payment.succeeded"'
SHOWN_MIN = 50
"""Bodies that must have been shown as they are, or the test shows nothing."""

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("dead-letters", "list"),
    ("dead-letters", "groups"),
    ("events", "list"),
    ("payments", "list"),
    ("payments", "explain", "p1"),
)


@pytest.fixture
def told(scene: Scene) -> dict[str, int]:
    """Have a provider write each of the strings wherever it may write; return the events' ids."""
    scene.announce("p1")
    contents = []
    for number, text in enumerate(HOSTILE.values()):
        tree = json.loads(body("payment.succeeded", "p1", f"T{number}{text}"))
        tree["data"] |= {"currency": text, "amount_minor": 1_000, text: {"name": text}}
        contents.append(json.dumps(tree, ensure_ascii=False).encode())
    return dict(zip(HOSTILE, scene.hear(*contents), strict=True))


def _typed(text: str) -> str:
    """Return the text as far as a form can have it."""
    return text.replace("\0", " ")[:400]


def test_no_page_takes_the_text_of_a_stranger_for_its_own(
    database_url: str, scene: Scene, told: dict[str, int]
) -> None:
    faults, shown = [], 0
    with serve(database_url) as console:
        ada = console.signed_in("ada", Role.OPERATOR)
        paths = {"payment": "/payments/p1", "letters": "/dead-letters", "events": "/events"}
        for what, event_id in told.items():
            paths[f"event: {what}"] = f"/events/{event_id}"
            paths[f"letter: {what}"] = f"/dead-letters/{scene.letter_id(event_id)}"
        answers = {what: ada.get(path) for what, path in paths.items()}
        for what, text in HOSTILE.items():
            letter = paths[f"letter: {what}"]
            answers[f"revealed: {what}"] = ada.send(f"{letter}/reveal", reason="a look")
            answers[f"a reason: {what}"] = ada.send(f"{letter}/reveal", reason=_typed(text))
            answers[f"noted: {what}"] = ada.send(f"{letter}/note", text=_typed(text))
            answers[f"with its note: {what}"] = ada.get(letter)
            answers[f"asked for: {what}"] = ada.get(f"/payments?q={quote(text)}")
            answers[f"a path: {what}"] = ada.get(f"/payments/{quote(text, safe='')}")
            shown += _SHOWN in Page(answers[f"revealed: {what}"].text).text
        for what, answer in answers.items():
            faults += [f"{what}: {each}" for each in page_faults(answer.text)]
            faults += [f"{what}: {answer.status_code}"] * (answer.status_code >= 500)

    assert not faults, "\n".join(faults)
    assert shown >= SHOWN_MIN


def test_no_terminal_acts_upon_the_text_of_a_stranger(
    payratchet: Callable[..., Said],
    scene: Scene,
    told: dict[str, int],
) -> None:
    commands = list(COMMANDS)
    for event_id in told.values():
        commands += [("events", "show", str(event_id))]
        commands += [("dead-letters", "show", str(scene.letter_id(event_id)))]
    for text, event_id in zip(HOSTILE.values(), told.values(), strict=True):
        reason = text.replace("\0", " ")
        commands += [("events", "reveal", str(event_id), "--reason", reason)]
    faults = []
    for words in commands:
        said = payratchet(*words)
        faults += [f"{words}: {each}" for each in terminal_faults(said.out + said.err)]
        faults += [f"{words}: exit {said.code}: {said.err}"] * (said.code != 0)

    assert not faults, "\n".join(faults)
