"""Refusals of the API, beside those that every request may meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

from domain.errors import Refused
from ingress.errors import Later, RateLimited

if TYPE_CHECKING:
    from collections.abc import Sequence


class Decided(Refused):
    """A refusal that the state of things decides, not the form of the request: 402, 404, 409.

    It is kept under the request's key, so that a repeat is refused the same.
    """

    stored: ClassVar[bool] = True


class PaymentUnknown(Decided):
    """There is no such payment of this client: another's is not there either."""

    code = "payment_unknown"
    http_status = 404
    title = "There is no such payment"


class CustomerUnknown(Decided):
    """Nothing was ever asked for, credited to or debited from this customer."""

    code = "customer_unknown"
    http_status = 404
    title = "There is no such customer"


class ReferenceInUse(Decided):
    """The reference is that of another request, whoever made it."""

    code = "reference_in_use"
    http_status = 409
    title = "The reference is in use"


class TransitionIllegal(Decided):
    """What is asked cannot be done in the state the payment is in."""

    code = "illegal_transition"
    http_status = 409
    title = "The payment is in no state for this"


class Problem(NamedTuple):
    """One thing that is wrong: `pointer` is a JSON Pointer into the body, or `?name` of a query."""

    pointer: str
    message: str


class ValidationFailed(Refused):
    """The request is well-formed and means nothing, or something we do not do."""

    code = "validation_failed"
    http_status = 422
    title = "The request is not valid"

    def __init__(self, errors: Sequence[Problem]) -> None:
        """Keep what is wrong, field by field; no value of the caller's is in it."""
        super().__init__("; ".join(f"{each.pointer or '/'}: {each.message}" for each in errors))
        self.errors = tuple(errors)


class ContentTypeUnsupported(Refused):
    """The body is said to be something else than JSON."""

    code = "content_type_unsupported"
    http_status = 415
    title = "The body must be JSON"


class KeyRefused(Refused):
    """Nobody is known to ask. Never says whether a key exists."""

    http_status = 401


class KeyMissing(KeyRefused):
    """There is no key, or more than one."""

    code = "key_missing"
    title = "An API key is required"


class KeyInvalid(KeyRefused):
    """The key is none of ours, or no longer."""

    code = "key_invalid"
    title = "The API key is not valid"


class ScopeMissing(Refused):
    """The client is known and may not ask for this."""

    code = "scope_missing"
    http_status = 403
    title = "The API key lacks the scope"


class IdempotencyKeyInvalid(Refused):
    """The header Idempotency-Key is no UUID, or there are two."""

    code = "idempotency_key_invalid"
    title = "The Idempotency-Key is not a UUID"


class IdempotencyKeyReused(Refused):
    """The key was used for another request. What that was answered is not told."""

    code = "idempotency_key_reused"
    http_status = 422
    title = "The Idempotency-Key was used for another request"


class IdempotencyKeyInUse(Later):
    """The first request with this key is still being handled."""

    code = "idempotency_key_in_use"
    http_status = 409
    title = "A request with this Idempotency-Key is in progress"

    def __init__(self) -> None:
        """Tell what is waited for."""
        super().__init__("the first request with this key is not answered yet")


class LimitExceeded(RateLimited):
    """The client, or the address of an unknown caller, asks too often.

    `policy` and `standing` are the values of `RateLimit-Policy` and `RateLimit`.
    """

    title = "Too many requests"

    def __init__(self, reason: str, *, retry_after_s: int, policy: str, standing: str) -> None:
        """Keep what the headers say."""
        super().__init__(reason, retry_after_s=retry_after_s)
        self.policy = policy
        self.standing = standing
