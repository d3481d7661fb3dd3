"""Answers that are not what they should be, although they arrive."""

from __future__ import annotations

import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from tests.simulator.api.fault import Behaviour

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.simulator.api.operation import Answer

HTML = b"<!doctype html><title>Maintenance</title><h1>We will be back soon</h1>\n"
WRONG_JSON = b'{"status":true,"object":[],"message":null,"data":"unexpected","amount":1e2}'
AMOUNTS = frozenset({"amount", "amount_received", "amount_total", "amount_captured"})
WRONG_BY = 100
"""Of the wire's units, so that every currency can write it."""


def page(answer: Answer) -> Answer:
    """Return a page for people, as of something that stands between."""
    return replace(answer, body=HTML)


def tampered(
    answer: Answer, behaviour: Behaviour, error: Callable[[str, str, int], Answer]
) -> Answer:
    """Return what is said instead; `error` makes an error in the provider's shape."""
    if behaviour is Behaviour.WRONG_JSON:
        return replace(answer, body=WRONG_JSON)
    if behaviour is Behaviour.WRONG_AMOUNT:
        return replace(answer, body=json.dumps(_with_other_amounts(answer.body)).encode())
    failed = broken(error)
    if behaviour is Behaviour.ERROR_KEPT and answer.kept is not None:
        answer.kept.status, answer.kept.body = failed.status, failed.body
    return failed


def broken(error: Callable[[str, str, int], Answer]) -> Answer:
    """Return the error of a provider that has failed by itself."""
    return error("An unknown error occurred", "unknown_error", HTTPStatus.INTERNAL_SERVER_ERROR)


def _with_other_amounts(body: bytes) -> Any:
    return _changed(json.loads(body))


def _changed(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_changed(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        name: value + WRONG_BY
        if name in AMOUNTS and type(value) is int and value
        else _changed(value)
        for name, value in tree.items()
    }
