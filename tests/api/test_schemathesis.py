"""Every answer is as the description says, whatever is sent: asked by Schemathesis, bounded."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any

import hypothesis
import pytest
import schemathesis
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from ingress.api.routes import OPERATIONS
from tests.api.serving import Service, api_serving, new_client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import APIOperation, Case

PUBLIC = {"getHealth", "getLivez", "getReadyz", "receiveWebhook"}

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

EXAMPLES_MAX = 10
"""Requests of each operation and of each mode."""

OPERATIONS_MIN = {
    GenerationMode.POSITIVE: len(OPERATIONS) + len(PUBLIC),
    GenerationMode.NEGATIVE: len(OPERATIONS) - 4,
}
"""Operations that each mode must have found something to send to."""


@pytest.fixture
def busy(database_url: str, redis_url: str) -> Iterator[Service]:
    """A service that has a payment, on an API that limits it by nothing to speak of."""
    key = new_client(database_url, "busy", initialize="100000/second", verify="100000/second")
    with api_serving(database_url, redis_url) as door:
        service = Service(door, "busy", key)
        assert service.create(reference="r").status == 202
        yield service


def found(service: Service) -> list[APIOperation[Any, Any, Any, Any]]:
    url = f"http://127.0.0.1:{service.door.port}/openapi.json"
    results = schemathesis.openapi.from_url(url).get_all_operations()
    return [result.ok() for result in results if isinstance(result, Ok)]


def ask(service: Service, case: Case[Any]) -> None:
    """Send what was made up, now and then about a payment that is there, and look at the answer."""
    if len(case.path_parameters.get("reference", "")) % 2:
        case.path_parameters["reference"] = "r"
    headers = {"Authorization": f"Bearer {service.key}"}
    case.call_and_validate(headers=headers, checks=CHECKS)


@pytest.mark.filterwarnings("ignore:Do not use the .random. module inside strategies")
@pytest.mark.parametrize("mode", list(GenerationMode))
def test_every_answer_is_as_it_is_described(busy: Service, mode: GenerationMode) -> None:
    asked: Counter[str] = Counter()
    for operation in found(busy):

        @hypothesis.settings(
            max_examples=EXAMPLES_MAX,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Case[Any]) -> None:
            asked[case.operation.definition.raw["operationId"]] += 1
            ask(busy, case)

        # Of what takes no input nothing wrong can be made up.
        with contextlib.suppress(Unsatisfiable):
            run()
    assert len(asked) >= OPERATIONS_MIN[mode]


def test_all_that_is_served_is_described_and_nothing_else_is(busy: Service) -> None:
    described = {operation.definition.raw["operationId"] for operation in found(busy)}
    assert described == {operation.name for operation in OPERATIONS} | PUBLIC
