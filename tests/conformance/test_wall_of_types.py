"""The wall between what is signed and what is claimed: the type checker, and who looks over it."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

from mypy import api

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PACKAGES = ("domain", "ingress", "workers", "migrations")

READ_IN = {
    "domain/checking.py": "shows a person what the provider would be asked about",
    "domain/providers/korapay.py": "compares the event's name with the status that is signed",
    "domain/providers/mercado_pago.py": "takes the body's spelling of an id that is signed",
    "domain/providers/token.py": "finds whom the provider is to be asked about",
    "domain/providers/trust.py": "names the type of an event, which people are shown",
    "workers/burial.py": "shows people whom a parked event claims to be about",
    "workers/naming.py": "makes the question to the provider",
}
"""Where an unproven word is read, and what for. None of them makes a fact of it."""

SNIPPETS = """
from __future__ import annotations

from typing import Any

from domain.delivery import Delivery, Hearsay, Hint, ProviderEvent
from domain.facts import Fact, FactKind, FactStatus
from domain.money import Money
from domain.providers.ask_first import AskFirst
from domain.providers.field_hash import FieldHash
from domain.providers.paths import dig
from domain.providers.shapes import Shape, read
from domain.providers.token import PathToken, TokenHeader
from domain.providers.trust import Claimed
from domain.providers.vocabulary import Vocabulary
from domain.providers.wire_values import Unit, money, object_id, unix_time_s


def mixed(claimed: Claimed, hint: Hint, hearsay: Hearsay, vocabulary: Vocabulary) -> None:
    one, done = Money("NGN", 1), FactStatus.SUCCEEDED
    Fact(FactKind.SUCCEEDED, "T1", done, one)
    Fact(FactKind.SUCCEEDED, hint, done, one)  # refused
    Fact(FactKind.SUCCEEDED, "T1", hint, one)  # refused
    Fact(FactKind.SUCCEEDED, "T1", done, hint)  # refused
    Fact(FactKind.SUCCEEDED, "T1", done, one, capture_id=hint)  # refused
    Fact(FactKind.SUCCEEDED, claimed, done, one)  # refused
    Money("NGN", hint)  # refused
    Money(hint, 1)  # refused
    ProviderEvent("t", "ORD-1", facts=())
    ProviderEvent("t", hint)  # refused
    ProviderEvent("t", None, facts=(hint,))  # refused
    ProviderEvent("t", None, facts=(hearsay,))  # refused
    ProviderEvent("t", None, provider_reference=hint)  # refused
    read(Shape, claimed)  # refused
    read(Shape, hint)  # refused
    dig(claimed, "id")  # refused
    vocabulary.translate(claimed)  # refused
    vocabulary.reference_in(claimed)  # refused
    object_id(hint)  # refused
    money(hint, "NGN", Unit.MINOR, {})  # refused
    hint + "x"  # refused
    claimed["id"]  # refused
    claimed.get("id")  # refused
    hearsay.facts  # refused
    Hearsay("t", hint, hint)
    Hearsay("t", "ORD-1", None)  # refused


class BelievingToken(TokenHeader):
    def translate(self, tree: dict[str, Any]) -> ProviderEvent:  # refused
        return ProviderEvent("t", None)


class BelievingPath(PathToken):
    def translate(self, tree: dict[str, Any]) -> ProviderEvent:  # refused
        return ProviderEvent("t", None)


class BelievingFields(FieldHash):
    def translate(self, tree: dict[str, Any]) -> ProviderEvent:  # refused
        return ProviderEvent("t", None)


class BelievingFirst(AskFirst):
    def translate(self, tree: dict[str, Any]) -> ProviderEvent:  # refused
        return ProviderEvent("t", None)


class FactFromHearsay(TokenHeader):
    def hear(self, claimed: Claimed) -> ProviderEvent:  # refused
        return ProviderEvent("t", None)
"""


def test_the_type_checker_refuses_every_way_from_a_claim_to_a_fact(tmp_path: Path) -> None:
    file = tmp_path / "snippets.py"
    file.write_text(SNIPPETS)

    said, trouble, _ = api.run(
        [
            *("--config-file", str(ROOT / "pyproject.toml"), "--no-error-summary"),
            *("--cache-dir", str(ROOT / ".mypy_cache")),
            str(file),
        ]
    )

    refused = {int(line) for line in re.findall(r"snippets\.py:(\d+): error", said)}
    expected = {
        number for number, line in enumerate(SNIPPETS.splitlines(), 1) if "# refused" in line
    }
    assert not trouble
    assert refused == expected, said


def test_an_unproven_word_is_read_in_a_few_named_modules_only() -> None:
    assert {path for path, _ in _reads("unproven")} == set(READ_IN)


def test_nobody_looks_into_a_claimed_tree_but_trust_itself() -> None:
    assert {path for path, _ in _reads("_tree")} == {"domain/providers/trust.py"}


def _reads(attribute: str) -> Iterator[tuple[str, int]]:
    """Return where the attribute of anything is taken."""
    for package in PACKAGES:
        for file in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Attribute) and node.attr == attribute:
                    yield str(file.relative_to(ROOT)), node.lineno
