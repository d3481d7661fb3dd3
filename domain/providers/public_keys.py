"""Public keys: what a provider signs with a key that it keeps, and we can only verify.

Everything is fixed by us: algorithm, padding and the least size of a key. Nothing that a sender
writes chooses any of them.
"""

from __future__ import annotations

import binascii
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from domain.providers.message_hmac import base64_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Secret

RSA_BITS_MIN = 2048
"""Bits of a key that is still believed."""

RSA_BITS_MAX = 8192
"""Bits of a key that is worth its time."""

P256_BYTES = 32
"""Bytes of each of the two numbers of a signature, and of a point, on P-256."""

KEYS_KEPT_MAX = 64
"""Keys that are remembered as read: some for each account there can be."""


def rsa_key(key: object) -> rsa.RSAPublicKey | None:
    """Return the key if it is an RSA key of a fair size."""
    if isinstance(key, rsa.RSAPublicKey) and RSA_BITS_MIN <= key.key_size <= RSA_BITS_MAX:
        return key
    return None


@lru_cache(KEYS_KEPT_MAX)
def pinned_rsa_key(text: bytes) -> rsa.RSAPublicKey | None:
    """Return the key that a setting holds: base64 of a DER SubjectPublicKeyInfo, on one line."""
    der = base64_key(text, prefix=b"")
    try:
        return rsa_key(load_der_public_key(der)) if der else None
    except (ValueError, UnsupportedAlgorithm):
        return None


def rsa_sha256_proves(key: rsa.RSAPublicKey, code: bytes, content: bytes) -> bool:
    """Say whether the base64 code is the key's signature (PKCS #1 v1.5, SHA-256) of the content."""
    try:
        key.verify(base64_key(code, prefix=b""), content, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def proving_key_ids(secrets: Sequence[Secret], code: bytes, content: bytes) -> list[str]:
    """Return the names of the pinned keys that have signed."""
    keys = [(secret.key_id, pinned_rsa_key(secret.value)) for secret in secrets]
    return [name for name, key in keys if key and rsa_sha256_proves(key, code, content)]


def p256_key(x: bytes, y: bytes) -> ec.EllipticCurvePublicKey | None:
    """Return the key at that point of P-256, or None where no point is."""
    if len(x) != P256_BYTES or len(y) != P256_BYTES:
        return None
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    try:
        return numbers.public_key()
    except ValueError:
        return None


def es256_proves(key: ec.EllipticCurvePublicKey, signature: bytes, content: bytes) -> bool:
    """Say whether it is the key's ECDSA signature with SHA-256: two numbers side by side."""
    if len(signature) != 2 * P256_BYTES:
        return False
    r, s = int.from_bytes(signature[:P256_BYTES]), int.from_bytes(signature[P256_BYTES:])
    try:
        key.verify(encode_dss_signature(r, s), content, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def base64url(text: str) -> bytes:
    """Return what canonical base64url without padding stands for, or nothing when it is none."""
    if not text.isascii():
        return b""
    padded = text.translate(_URL_SAFE) + "=" * (-len(text) % 4)
    try:
        found = binascii.a2b_base64(padded, strict_mode=True)
    except binascii.Error:
        return b""
    written = binascii.b2a_base64(found, newline=False).decode().translate(_TO_URL_SAFE)
    return found if written.rstrip("=") == text else b""


_URL_SAFE = str.maketrans("-_", "+/", "+/=")
_TO_URL_SAFE = str.maketrans("+/", "-_")
