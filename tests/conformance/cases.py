"""Cases: one test for all senders, and the table of those that a case does not apply to."""

from __future__ import annotations

import functools
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING

import pytest

from domain.errors import PayratchetError
from tests.conformance.senders import SENDERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.conformance.sender import Sender

    Case = Callable[[Sender], None]

_CHECKSUM = "a CRC-32 shows every accident and no intent: the card says that nothing is covered"
_UNREAD = "what is signed stands in headers and address; the body is never read"

NOT_HERE: Mapping[tuple[str, str], str] = MappingProxyType(
    {
        (
            "test_header_sent_twice",
            "mollie-nextgen",
        ): "a rotation is two headers; each may be right",
        ("test_a_dialect_as_declared_is_what_its_card_says", "paypal"): _CHECKSUM,
        ("test_body_with_bom", "mercado-pago"): _UNREAD,
        ("test_body_not_utf_8", "mercado-pago"): _UNREAD,
        ("test_gzip_body_is_verified_as_sent_and_never_unpacked", "mercado-pago"): _UNREAD,
        ("test_empty_body", "mercado-pago"): _UNREAD,
        ("test_json_nested_10_000_deep", "mercado-pago"): _UNREAD,
    }
)
"""(case, provider) -> why the case does not hold for the provider, and what does.

An entry that is not needed is an error: each case that stands here must fail.
"""


def every_sender(case: Case) -> Case:
    """Make the case a test of every sender; where the table has it, a test that it fails."""

    @pytest.mark.parametrize("sender", SENDERS, ids=attrgetter("name"))
    @functools.wraps(case)
    def test(sender: Sender) -> None:
        if (case.__name__, sender.name) not in NOT_HERE:
            case(sender)
            return
        with pytest.raises((AssertionError, PayratchetError, pytest.fail.Exception)):
            case(sender)

    return test
