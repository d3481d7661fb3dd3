"""An answer that is written before its times are known says the same as any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.api.serving import Service

PLACEHOLDER = "2000-01-01T00:00:00.000000Z"
"""What stands for a time until the store has said which; as it is, a customer may be called so."""


def test_a_customer_who_is_called_like_a_time_is_answered_by_that_name(shop: Service) -> None:
    for customer_id in (PLACEHOLDER, f"a:{PLACEHOLDER}:{PLACEHOLDER}"):
        made = shop.create(
            customer_id=customer_id, metadata={"at": f'"created_at":"{PLACEHOLDER}"'}
        )
        assert made.status == 202
        assert made.json["customer_id"] == customer_id
        assert made.json["created_at"] == made.json["updated_at"] != PLACEHOLDER
        assert shop.show(made.json["reference"]).body == made.body
