"""Stripe's errors: https://docs.stripe.com/api/errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.simulator.api.operation import answered

if TYPE_CHECKING:
    from tests.simulator.api.operation import Answer


class Refused(Exception):
    """The request is answered with an error, without effect; `param` is what was wrong."""

    about = ""

    def __init__(
        self,
        message: str,
        param: str | None,
        *,
        code: str | None = None,
        status: int = HTTPStatus.BAD_REQUEST,
        kind: str = "invalid_request_error",
    ) -> None:
        super().__init__(message)
        self.status = status
        self._tree: dict[str, Any] = {"message": message, "type": kind}
        if code:
            self._tree |= {
                "code": code,
                "doc_url": f"https://stripe.com/docs/error-codes/{code.replace('_', '-')}",
            }
        if param:
            self._tree["param"] = param

    def answer(self) -> Answer:
        """Return what the caller is told."""
        return answered({"error": self._tree}, status=self.status, about=self.about)


def missing(kind: str, wanted: str, param: str) -> Refused:
    """Say that there is no such object."""
    message = f"No such {kind}: '{wanted}'"
    return Refused(message, param, code="resource_missing", status=HTTPStatus.NOT_FOUND)


def unauthorized() -> Answer:
    """Answer a request with a wrong key or none."""
    message = "Invalid API Key provided"
    return Refused(message, None, status=HTTPStatus.UNAUTHORIZED).answer()


def error(message: str, code: str, status: int) -> Answer:
    """Return an error of no request in particular."""
    kind = "api_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid_request_error"
    return Refused(message, None, code=code, status=status, kind=kind).answer()
