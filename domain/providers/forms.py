"""Forms: bodies and queries of the type `application/x-www-form-urlencoded`, strictly read."""

from __future__ import annotations

import re

from domain.errors import PayloadInvalid

FIELDS_MAX = 64
"""Fields of one form; providers send two."""

_TEXT = re.compile(rb"[!-$&-~]*(?:%[0-9A-F]{2}[!-$&-~]*)*")
_BYTES = {b"%02X" % code: bytes([code]) for code in range(256)}


def parse(form: bytes) -> dict[str, str]:
    """Return the values by their names.

    Raises PayloadInvalid for what the URL Standard's serializer never writes: a field without `=`,
    a character that is not visible ASCII, an escape without two upper-case hexadecimal digits, text
    that is not UTF-8; and for a name that is there twice, of which two parsers would take different
    ones.
    """
    fields = form.split(b"&", FIELDS_MAX)
    pairs = [field.partition(b"=") for field in fields]
    if len(fields) > FIELDS_MAX or not all(equals for _, equals, _ in pairs):
        raise PayloadInvalid("the form is not a list of name=value")
    values = {_text(name): _text(value) for name, _, value in pairs}
    if len(values) != len(pairs):
        raise PayloadInvalid("a name is there twice in the form")
    return values


def _text(written: bytes) -> str:
    if _TEXT.fullmatch(written) is None:
        raise PayloadInvalid("a part of the form is not escaped as it must be")
    head, *escaped = written.replace(b"+", b" ").split(b"%")
    plain = b"".join([head, *(_BYTES[part[:2]] + part[2:] for part in escaped)])
    try:
        return plain.decode()
    except UnicodeDecodeError as error:
        raise PayloadInvalid("the form is not UTF-8") from error
