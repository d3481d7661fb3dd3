"""Refusals: what the console says when something is not shown or not done."""

from __future__ import annotations

import psycopg

from domain.errors import PayratchetError, Refused

CONFLICT = 409

AWAY = "Try again in a moment."
IN_DOUBT = "It may or may not be done: look before you try again."


class RoleMissing(Refused):
    """Who is signed in may not do this."""

    code = "role_missing"
    http_status = 403
    title = "Your role does not cover this"


class StoreAway(Refused):
    """The record cannot be read or written right now."""

    code = "store_away"
    http_status = 503
    title = "The record cannot be reached right now"


class NotReadable(Refused):
    """Something in the address or the form has no possible meaning."""

    code = "validation_failed"
    http_status = 422
    title = "That cannot be looked up"


def told(error: Exception, *, is_act: bool) -> PayratchetError:
    """Return what to say of an error; what the store says of itself is not for a page.

    Raises the error itself where it is none that was foreseen.
    """
    if isinstance(error, PayratchetError):
        return error
    if isinstance(error, psycopg.OperationalError):
        return StoreAway(IN_DOUBT if is_act else AWAY)
    if isinstance(error, psycopg.DataError):
        return NotReadable("A value in the address or the form has no possible meaning.")
    raise error


def status(error: PayratchetError) -> int:
    """Return the status of the answer that says so."""
    return error.http_status if isinstance(error, Refused) else CONFLICT


def title(error: PayratchetError) -> str:
    """Return the heading of the page that says so."""
    return error.title if isinstance(error, Refused) else "It is not done"
