"""Generated payments as Postgres computes them, from nothing but their numbers.

Expressions and subqueries that the statements are made of. Their parameters: `from_number` and
`to_number`, both included; what turns a number into an id (`event_shift`, `payment_shift`,
`line_shift`; `fact_shift` and `movement_shift` for ids of which a payment has two); `first_number`,
`since_us` and `step_us`, which turn it into the time of its event.
"""

from __future__ import annotations

from domain import audit
from tests.bench.history import names
from tests.bench.stage.supply import CURRENCY, PROVIDER

ACTOR = "operator:history"
CLIENT = "history"
ACCOUNT = "default"
EVENT_TYPE = "charge.success"

AMOUNT_MINOR_LEAST = 100_000
AMOUNT_MINOR_STEP = 2_000
AMOUNTS = 100
"""Amounts go round; 1.5 % of each is a whole number."""

APPLIED_AFTER_US = 25_000
ANNOUNCED_BEFORE_US = 60_000_000
PAID_BEFORE_US = 1_500_000
"""How long after or before its delivery an event was applied, announced and paid for."""


def time(us: str) -> str:
    """Return the time of a number of microseconds since 1970, exact to the last one."""
    return f"(timestamptz 'epoch' + ({us}) * interval '1 microsecond')"


def _canonical(*fields: tuple[str, str]) -> str:
    """Return the bytes of `audit.canonical` for fields, each its kind and its expression."""
    parts = [f"'{audit.ENCODING.decode()}'"]
    for kind, field in fields:
        parts.append(f"'{kind}' || length(({field})::text) || ':' || {field}")
    return f"convert_to({' || '.join(parts)}, 'UTF8')"


GENESIS = "sha256({})".format(
    _canonical(
        ("s", "reference"),
        ("s", f"'{CLIENT}'"),
        ("s", "customer_id"),
        ("s", f"'{PROVIDER}'"),
        ("s", f"'{ACCOUNT}'"),
        ("i", "amount_minor"),
        ("s", f"'{CURRENCY}'"),
        ("s", f"'{ACTOR}'"),
    )
)
STEP = _canonical(
    ("i", "payment_id"),
    ("i", "1"),
    ("s", "'pending'"),
    ("s", "'succeeded'"),
    ("s", "'completed'"),
    ("i", "event_id"),
    ("s", f"'provider:{PROVIDER}'"),
    ("s", f"'{EVENT_TYPE}'"),
    ("i", "amount_minor"),
    ("i", "0"),
    ("i", "0"),
    ("i", f"received_us + {APPLIED_AFTER_US}"),
)

GENERATED = f"""
    SELECT number, number + %(payment_shift)s::bigint AS payment_id,
           number + %(event_shift)s::bigint AS event_id,
           '{names.REFERENCE_PREFIX}' || lpad(number::text, {names.REFERENCE_DIGITS}, '0')
               AS reference,
           '{names.CUSTOMER_PREFIX}' || lpad(
               ((number - 1) / {names.GROUP_PAYMENTS} * {names.GROUP_CUSTOMERS}
                + (number - 1) %% {names.GROUP_PAYMENTS} %% {names.GROUP_CUSTOMERS})::text,
               {names.CUSTOMER_DIGITS}, '0') AS customer_id,
           ({names.FIRST_TRANSACTION_ID} + number)::text AS object_id,
           {AMOUNT_MINOR_LEAST} + number %% {AMOUNTS} * {AMOUNT_MINOR_STEP} AS amount_minor,
           ({AMOUNT_MINOR_LEAST} + number %% {AMOUNTS} * {AMOUNT_MINOR_STEP}) * 3 / 200
               AS fee_minor,
           %(since_us)s::bigint + (number - %(first_number)s::bigint) * %(step_us)s::bigint
               AS received_us
    FROM generate_series(%(from_number)s::bigint, %(to_number)s::bigint) AS number
"""
"""A row for each payment of the chunk."""

AT = time(f"received_us + {APPLIED_AFTER_US}")
PAID_AT = f"date_trunc('second', {time(f'received_us - {PAID_BEFORE_US}')})"

_BODY = f"""convert_to(
    '{{"event":"{EVENT_TYPE}","data":{{"id":' || object_id
    || ',"domain":"test","status":"success","reference":"' || reference
    || '","amount":' || amount_minor
    || ',"message":null,"gateway_response":"Successful","paid_at":"' || paid_at
    || '","created_at":"' || paid_at
    || '","channel":"card","currency":"{CURRENCY}","ip_address":"197.210.64.12",'
    || '"metadata":{{"customer_id":"' || customer_id
    || '","purpose":"sms credit"}},"fees":' || fee_minor
    || ',"customer":{{"id":84312,"first_name":"Ada","last_name":"Obi","email":"ada@example.com",'
    || '"customer_code":"CUS_xnxdt6s1zg1f4nx","phone":null,"risk_action":"default"}},'
    || '"authorization":{{"authorization_code":"AUTH_f5rnfq9p","bin":"408408","last4":"4081",'
    || '"exp_month":"12","exp_year":"2030","card_type":"visa","bank":"TEST BANK",'
    || '"country_code":"NG","brand":"visa","reusable":true}}}}}}', 'UTF8')"""

DELIVERIES = f"""
    SELECT *, '{len(EVENT_TYPE)}:{EVENT_TYPE}' || length(object_id) || ':' || object_id
               AS event_key,
           {_BODY} AS body, {time("received_us")} AS received_at
    FROM (SELECT *,
              to_char({PAID_AT} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS".000Z"')
              AS paid_at
          FROM ({GENERATED}) payments OFFSET 0) paid OFFSET 0
"""
