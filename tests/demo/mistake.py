"""The mistake: a deploy of somebody's that breaks one customer's payment, until it is mended.

It stands for all code that is wrong for some event: the payment's money arrives, and no worker can
apply what tells of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psycopg import sql

if TYPE_CHECKING:
    from psycopg import Connection

    from tests.simulator.books import Sale
    from tests.simulator.morning import Morning

WORDS = "the new discount rule divides by the number of coupons"
"""What the broken code says."""

_FUNCTION = """
    CREATE FUNCTION demo_mistake() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF OLD.reference = {reference} THEN RAISE EXCEPTION {words}; END IF;
        RETURN NEW;
    END $$
"""
_TRIGGER = """
    CREATE TRIGGER aa_demo_mistake BEFORE UPDATE ON payment_logs
        FOR EACH ROW EXECUTE FUNCTION demo_mistake()
"""
_MENDED = ("DROP TRIGGER aa_demo_mistake ON payment_logs", "DROP FUNCTION demo_mistake()")


def victim(morning: Morning) -> Sale:
    """Return the sale that it hits: paid once and in full, told early, and by as little as may be.

    Raises ValueError for a morning in which nobody simply pays.
    """
    told: dict[str, list[float]] = {}
    plain = {sale.reference: sale for sale in morning.announced if _is_plain(sale)}
    for parcel in morning.parcels:
        if parcel.forgery is None and not parcel.is_repeat:
            for reference in plain:
                if reference.encode() in parcel.notice.body:
                    told.setdefault(reference, []).append(parcel.due)
    return plain[min(told, key=lambda each: (len(told[each]), max(told[each]), each))]


def _is_plain(sale: Sale) -> bool:
    if len(sale.captures) != 1:
        return False
    [capture] = sale.captures
    return (
        (capture.amount_minor, capture.currency) == (sale.amount_minor, sale.currency)
        and not capture.refunds
        and not capture.disputes
    )


def deploy(connection: Connection, reference: str) -> None:
    """Break it: whatever would change this payment fails."""
    words = {"reference": sql.Literal(reference), "words": sql.Literal(WORDS)}
    with connection.transaction():
        connection.execute(sql.SQL(_FUNCTION).format(**words))
        connection.execute(_TRIGGER)


def mend(connection: Connection) -> None:
    """Take it back."""
    with connection.transaction():
        for statement in _MENDED:
            connection.execute(statement)
