"""Pages as a person meets them: their forms, and what a browser would make of their text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source"})


@dataclass
class Form:
    """A form with the fields that it would send as it stands."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Tag:
    """An element as it begins."""

    name: str
    attributes: dict[str, str]


class Page(HTMLParser):
    """The elements of a page, its forms, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[Tag] = []
        self.forms: list[Form] = []
        self.text = ""
        self._textarea: str | None = None
        self.feed(html)
        self.close()

    def form(self, action: str) -> Form:
        """Return the one form that is sent there."""
        [found] = [form for form in self.forms if form.action == action and form.method == "post"]
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append(Tag(tag, attributes))
        if tag == "form":
            method = attributes.get("method", "get")
            self.forms.append(Form(attributes.get("action", ""), method))
        elif tag == "input" and "name" in attributes and self.forms:
            self.forms[-1].fields[attributes["name"]] = attributes.get("value", "")
        elif tag == "textarea" and self.forms:
            self._textarea = attributes["name"]
            self.forms[-1].fields[self._textarea] = ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._textarea is not None:
            fields = self.forms[-1].fields
            fields[self._textarea] = fields[self._textarea].removeprefix("\n")
            self._textarea = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._textarea is not None:
            self.forms[-1].fields[self._textarea] += data
