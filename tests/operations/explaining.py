"""What `payments explain` says, and following its advice."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from workers.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.operations.conftest import Said
    from tests.workers.scene import Scene

    Run = Callable[..., Said]
    Explained = dict[str, Any]


def explain(payratchet: Run, reference: str = "p1") -> Explained:
    """Return what is said of a payment, in the shape that scripts rely on."""
    said = payratchet("payments", "explain", reference, "--json")
    assert (said.code, said.err) == (0, "")
    explained: Explained = json.loads(said.out)
    assert set(explained) >= {"payment", "entries", "verdict"}
    for entry in explained["entries"]:
        assert set(entry) >= {"at", "kind", "summary", "rule"}
    return explained


def follow(payratchet: Run, explained: Explained, *, step: int = 0, **environment: str) -> Said:
    """Run a command of the advice as it stands, with a reason and a customer filled in."""
    commands = [each["command"] for each in explained["verdict"]["do"] if each["command"]]
    program, *words = shlex.split(commands[step])
    assert program == "payratchet"
    given = [{"WHY": "as explained", "WHO": "ada"}.get(word, word) for word in words]
    said = payratchet(*given, **environment)
    assert said.code == 0, said.err
    return said


def healed(scene: Scene, reference: str, *, credit_minor: int, state: str = "completed") -> None:
    """Require that the payment stands so, and that the audit finds nothing."""
    assert (scene.state(reference), scene.credit()) == (state, credit_minor)
    assert [letter for letter in scene.letters() if letter[2] == "open"] == []
    assert verify(scene.database).problems == []
