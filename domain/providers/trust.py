"""Trust: what a signature does not cover is another type than what it covers.

Facts are made of plain values. Of a `Claimed` tree come only `Hint`s, which no fact, no amount and
no transition takes: whoever would mix them up is stopped by the type checker. A hint says what the
provider is to be asked about, and nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from domain.delivery import Hint
from domain.facts import OBJECT_ID_LENGTH_MAX
from domain.providers.paths import dig
from domain.providers.shapes import TYPE_LENGTH_MAX

if TYPE_CHECKING:
    from domain.providers.paths import Json

_HINT = re.compile(rf"[!-~]{{1,{OBJECT_ID_LENGTH_MAX}}}")


class Claimed:
    """A tree that anybody may have written, or changed on its way."""

    __slots__ = ("_tree",)

    def __init__(self, tree: Json) -> None:
        """Take it; it can be asked for hints and for nothing else."""
        self._tree = tree

    def hint(self, *paths: str) -> Hint | None:
        """Return the first word that stands at one of the paths (`dig`), None where there is none.

        An integer becomes its digits. What could not be a name (visible ASCII, at most
        `OBJECT_ID_LENGTH_MAX` characters) is passed over.
        """
        for path in paths:
            found = dig(self._tree, path)
            text = str(found) if type(found) is int else found
            if isinstance(text, str) and _HINT.fullmatch(text):
                return Hint(text)
        return None

    def type_name(self, *paths: str, otherwise: str) -> str:
        """Return the type of an event as it stands at one of the paths, else `otherwise`.

        It is shown to people and picks what nobody is asked about; it decides nothing else.
        """
        found = self.hint(*paths)
        if found is None or len(found.unproven) > TYPE_LENGTH_MAX:
            return otherwise
        return found.unproven
