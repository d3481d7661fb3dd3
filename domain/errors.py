"""Every error Payratchet raises on purpose, in three branches that say who must act.

`Refused`    the caller must change the request. Carries the HTTP status of its answer.
`Permanent`  an operator must act: repeating the work cannot help. Becomes a dead letter.
`Transient`  nobody must act: the work is tried again later.

A `code` is what operators search for and scripts compare; it never changes.
"""

from __future__ import annotations

from typing import ClassVar


class PayratchetError(Exception):
    """The root: something that Payratchet foresaw and can name."""

    code: ClassVar[str] = "payratchet_error"


class Refused(PayratchetError):
    """The request is not accepted, and nothing was changed by it."""

    code: ClassVar[str] = "refused"
    http_status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"
    retryable: ClassVar[bool] = False


class Permanent(PayratchetError):
    """The work cannot succeed as it is; a person decides what becomes of it.

    `code` is the dead letter's reason class.
    """

    code: ClassVar[str] = "permanent"


class Transient(PayratchetError):
    """The work may succeed later, unchanged."""

    code: ClassVar[str] = "transient"


class RequestMalformed(Refused):
    """The HTTP message itself is wrong, whatever its body says."""

    code = "request_malformed"
    title = "The HTTP request is malformed"


class SignatureRefused(Refused):
    """The sender could not be authenticated. `diagnosis` is for operators, never for the answer."""

    http_status = 401

    def __init__(self, diagnosis: str) -> None:
        """Keep why it was refused, in words that hold no part of a secret or signature."""
        super().__init__(diagnosis)
        self.diagnosis = diagnosis


class SignatureMissing(SignatureRefused):
    """A header that the provider always sends is not there."""

    code = "signature_missing"
    title = "The signature is missing"


class SignatureInvalid(SignatureRefused):
    """No live secret of this account made this signature."""

    code = "signature_invalid"
    title = "The signature is not valid"


class SignatureExpired(SignatureRefused):
    """The signature is right but was made outside the accepted window: a possible replay.

    Units: `age_s` and `window_s` are whole seconds; a negative age means that the sender's
    clock is ahead. Raised only after the signature itself has matched, so that a caller
    without the secret cannot probe the window.
    """

    code = "signature_expired"
    title = "The signature is too old or from the future"

    def __init__(self, *, age_s: int, window_s: int) -> None:
        """Keep the numbers as fields; readers use them, never the message."""
        super().__init__(f"signed {age_s} s ago; at most {window_s} s either way is accepted")
        self.age_s = age_s
        self.window_s = window_s


class ProviderUnknown(Refused):
    """There is no such provider, or this account of it has no secret here."""

    code = "provider_unknown"
    http_status = 404
    title = "There is no such webhook endpoint"


class PayloadInvalid(Permanent):
    """Authentic, but not what the provider documents."""

    code = "schema"


class RefetchRequired(Permanent):
    """The event names no object that could be counted once: the provider must be asked first."""

    code = "refetch_required"


class IllegalTransition(Permanent):
    """The table has no such edge. Raised for commands; a fact can always be stored."""

    code = "illegal_transition"

    def __init__(self, *, state: str, event: str) -> None:
        """Keep the refused cell as fields."""
        super().__init__(f"{event} is not accepted in {state}")
        self.state = state
        self.event = event


class AmountInvalid(PayratchetError):
    """A number that is no amount of money: not an integer, out of range, or too fine."""

    code = "amount_invalid"


class CurrencyUnknown(PayratchetError):
    """Not an active ISO 4217 code with 0, 2 or 3 decimals, written in capitals."""

    code = "currency_unknown"


class ProviderRefused(Permanent):
    """A provider refused what we asked, for good: nothing happened there.

    `http_status` and `provider_code` are the provider's own. Raised only where the answer proves
    that the request had no effect.
    """

    code = "provider_refused"

    def __init__(self, message: str, *, http_status: int, provider_code: str = "") -> None:
        """Keep what the provider said as fields; the message is for a person."""
        super().__init__(message)
        self.http_status = http_status
        self.provider_code = provider_code


class ReferenceTaken(ProviderRefused):
    """The provider has a payment under this reference already: ask it what it knows."""


class ProviderForbids(ProviderRefused):
    """The provider does not accept our key: somebody must look at the settings."""


class ProviderAway(Transient):
    """The request was not sent, or the provider refused to look at it: nothing happened there.

    `retry_after_s` is what the provider asked for, seconds; None where it asked for nothing.
    """

    code = "provider_away"

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        """Keep the pause that the provider asked for."""
        super().__init__(message)
        self.retry_after_s = retry_after_s


class OutcomeUnknown(Transient):
    """The request may have had its effect: no answer came, or none that can be understood.

    `http_status` is None where no answer came at all.
    """

    code = "outcome_unknown"

    def __init__(self, message: str, *, http_status: int | None = None) -> None:
        """Keep the status of an answer that proves nothing."""
        super().__init__(message)
        self.http_status = http_status


class NothingFound(OutcomeUnknown):
    """The provider was asked and shows nothing, where showing nothing is no proof (a late index).

    Only by `look_up`, which changes nothing.
    """
