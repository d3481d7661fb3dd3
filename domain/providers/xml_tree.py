"""XML in which money is read: plain elements, or nothing.

There is no document type, so there are no entities but the five that XML itself has: nothing
expands and nothing is fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError, XMLParser

from domain.errors import PayloadInvalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from domain.providers.paths import Json

DEPTH_MAX = 64
"""Elements within one another; the deepest notification of a provider has seven."""


def parse(document: bytes, root: str) -> dict[str, Json]:
    """Return the elements within `root` by their names.

    An element with `nil="true"` is None, one with `type="array"` the list of what is within it,
    any other its text or its elements. Raises PayloadInvalid, saying why, unless the document is
    XML in UTF-8 without `<!` (document types, comments, sections of plain characters), of elements
    that hold text or other elements but not both, none of them twice outside of an array, and none
    deeper than `DEPTH_MAX`.
    """
    try:
        text = document.decode()
    except UnicodeDecodeError as error:
        raise PayloadInvalid("the document is not UTF-8") from error
    if "<!" in text:
        raise PayloadInvalid("the document has a document type, a comment or a CDATA section")
    builder = _Builder()
    # Given text, the parser does not go by the encoding that the document claims to have; without
    # `<!` it has nothing to expand.
    parser = XMLParser(target=builder)  # noqa: S314
    try:
        parser.feed(text)
        parser.close()
    except ParseError as error:
        raise PayloadInvalid(f"the document is not XML: {error}") from error
    (found,) = builder.top.children
    if found[0] != root or not isinstance(found[1], dict):
        raise PayloadInvalid(f"the document is not a {root} with elements")
    return found[1]


class _Element:
    """An element that is still open, or the whole document."""

    def __init__(self, name: str, attributes: Mapping[str, str]) -> None:
        self.name = name
        self.attributes = attributes
        self.texts: list[str] = []
        self.children: list[tuple[str, Json]] = []

    def value(self) -> Json:
        """Return what it holds. Raises PayloadInvalid."""
        text = "".join(self.texts)
        if self.children and text.strip():
            raise PayloadInvalid(f"{self.name:.40} holds text and elements")
        if self.attributes.get("nil") == "true" and not text and not self.children:
            return None
        if self.attributes.get("type") == "array":
            return [value for _, value in self.children]
        named = dict(self.children)
        if len(named) != len(self.children):
            raise PayloadInvalid(f"{self.name:.40} holds an element twice")
        return named or text


class _Builder:
    """What the parser tells, element by element."""

    def __init__(self) -> None:
        self.top = _Element("the document", {})
        self._open = [self.top]

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        """Open an element."""
        if len(self._open) > DEPTH_MAX:
            raise PayloadInvalid(f"the document is nested more than {DEPTH_MAX} levels deep")
        self._open.append(_Element(name, attributes))

    def data(self, text: str) -> None:
        """Add to the text of the innermost element."""
        self._open[-1].texts.append(text)

    def end(self, _name: str) -> None:
        """Close the innermost element."""
        element = self._open.pop()
        self._open[-1].children.append((element.name, element.value()))
