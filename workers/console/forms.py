"""Forms: what a browser sent, read strictly.

A field that is wrong is named, and nothing is done.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from domain.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

FIELDS_MAX = 50
"""Fields of one form."""

BODY_S_MAX = 10.0
"""How long a form may take to arrive."""

TEXT_LENGTH_MAX = 500
"""Characters of a reason or a note: it is kept for ever, and a person reads it."""

MEDIA_TYPE = "application/x-www-form-urlencoded"

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


class FormRefused(Refused):
    """A form does not say what it must."""

    code = "validation_failed"
    http_status = 422
    title = "The form is not filled in as it must be"


class BodyTooLarge(Refused):
    """A form is larger than any of ours."""

    code = "body_too_large"
    http_status = 413
    title = "The form is too large"


class BodyTooSlow(Refused):
    """A form did not arrive in time."""

    code = "request_timeout"
    http_status = 408
    title = "The form did not arrive in time"


class MediaTypeUnknown(Refused):
    """It is no form of ours."""

    code = "media_type_unsupported"
    http_status = 415
    title = "That is not a form of this console"


class Form:
    """The fields of a form. Of a field that is sent twice, the last counts."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields = fields

    def text(self, name: str, *, length_max: int = TEXT_LENGTH_MAX) -> str:
        """Return a text that must be there, without blanks around it. Raises FormRefused."""
        value = self.optional(name, length_max=length_max)
        if value is None:
            raise FormRefused(f"{name.replace('_', ' ')}: this must be filled in")
        return value

    def optional(self, name: str, *, length_max: int = TEXT_LENGTH_MAX) -> str | None:
        """Return a text, None where it is empty. Raises FormRefused."""
        value = self._fields.get(name, "").strip()
        if len(value) > length_max or _CONTROL.search(value):
            raise FormRefused(
                f"{name.replace('_', ' ')}: at most {length_max} printable characters"
            )
        return value or None

    def raw(self, name: str) -> str:
        """Return a field as it was typed, each line end one character; empty where it is not."""
        return self._fields.get(name, "").replace("\r\n", "\n")

    def number(self, name: str, *, least: int = 0, most: int) -> int | None:
        """Return a whole number, None where it is empty. Raises FormRefused."""
        value = self.optional(name)
        if value is None:
            return None
        if not value.isascii() or not value.isdecimal() or not least <= int(value[:20]) <= most:
            raise FormRefused(f"{name.replace('_', ' ')}: a whole number, {least} to {most}")
        return int(value)

    def fields(self) -> dict[str, str]:
        """Return all fields as they came."""
        return dict(self._fields)


async def read(request: Request, *, bytes_max: int) -> Form:
    """Return the form that a request carries.

    Raises BodyTooLarge, BodyTooSlow, MediaTypeUnknown, and FormRefused for what cannot be read.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != MEDIA_TYPE:
        raise MediaTypeUnknown("a form is sent as a browser sends it")
    try:
        async with asyncio.timeout(BODY_S_MAX):
            body = await _body(request, bytes_max)
    except TimeoutError:
        raise BodyTooSlow("try again") from None
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            max_num_fields=FIELDS_MAX,
            errors="strict",
        )
    except ValueError:
        raise FormRefused("the form could not be read") from None
    return Form(dict(pairs))


async def _body(request: Request, bytes_max: int) -> bytes:
    parts, length = [], 0
    async for part in request.stream():
        length += len(part)
        if length > bytes_max:
            raise BodyTooLarge(f"at most {bytes_max} bytes")
        parts.append(part)
    return b"".join(parts)
