"""Plaid's sending side."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from domain.delivery import Mode
from domain.signing import key_id
from tests.conformance.sender import Request, Sale, Sender, dumped

KEY_ID = "bfbd5111-8e33-4643-8ced-b2e642a72f3c"
SECRET, OTHER_SECRET = b"test0nly0not0a0real0secret0001", b"test0nly0not0a0real0secret0002"
PAIRS = {secret: ec.generate_private_key(ec.SECP256R1()) for secret in (SECRET, OTHER_SECRET)}


def base64url(content: bytes) -> bytes:
    """Return base64 as tokens have it."""
    return base64.urlsafe_b64encode(content).rstrip(b"=")


def jwk(pair: ec.EllipticCurvePrivateKey, **changed: Any) -> dict[str, Any]:
    """Return the public key as the API shows it."""
    point = pair.public_key().public_numbers()
    return {
        "alg": "ES256",
        "created_at": 1_735_600_000,
        "crv": "P-256",
        "expired_at": None,
        "kid": KEY_ID,
        "kty": "EC",
        "use": "sig",
        "x": base64url(point.x.to_bytes(32)).decode(),
        "y": base64url(point.y.to_bytes(32)).decode(),
    } | changed


def token(pair: ec.EllipticCurvePrivateKey, claims: dict[str, Any], **header: Any) -> bytes:
    """Return a signed token."""
    head = {"alg": "ES256", "kid": KEY_ID, "typ": "JWT"} | header
    signed = b".".join(base64url(dumped(part)) for part in (head, claims))
    r, s = decode_dss_signature(pair.sign(signed, ec.ECDSA(hashes.SHA256())))
    return signed + b"." + base64url(r.to_bytes(32) + s.to_bytes(32))


def payload(sale: Sale) -> bytes:
    """Return what is posted when the state of a payment has changed."""
    amount = f"{sale.amount_minor // 100}.{sale.amount_minor % 100:02d}"
    return dumped(
        {
            "webhook_type": "PAYMENT_INITIATION",
            "webhook_code": "PAYMENT_STATUS_UPDATE",
            "payment_id": f"payment-id-{sale.number}",
            "new_payment_status": "PAYMENT_STATUS_EXECUTED",
            "old_payment_status": "PAYMENT_STATUS_INITIATED",
            "original_reference": sale.reference,
            "adjusted_reference": "12.50 é",
            "amount": {"currency": sale.currency, "value": amount},
            "timestamp": "2025-01-01T00:00:00Z",
            "environment": "sandbox",
        }
    )


def sign(secret: bytes, at: bytes, body: bytes) -> Request:
    """Sign the time and the hash of the body."""
    moment = int(at) if at.isdigit() else at.decode()
    claims = {"iat": moment, "request_body_sha256": hashlib.sha256(body).hexdigest()}
    return Request([(b"plaid-verification", token(PAIRS[secret], claims))], body)


SENDER = Sender(
    name="plaid",
    secret=SECRET,
    other_secret=OTHER_SECRET,
    payload=payload,
    sign=sign,
    currency="GBP",
    signs_time=True,
    code_header=b"plaid-verification",
    code_of=lambda value: value.rpartition(b".")[2],
    settings={"CLIENT_ID": "0123456789abcdef01234567"},
    mode=Mode.TEST,
    keys={
        f"{key_id(secret.decode())}/{KEY_ID}": json.dumps(jwk(pair)).encode()
        for secret, pair in PAIRS.items()
    },
)
