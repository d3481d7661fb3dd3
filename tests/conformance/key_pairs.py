"""Key pairs and certificates of providers that sign with keys of their own; made anew each time."""

from __future__ import annotations

import base64
import datetime as dt
from functools import cache
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

FROM = dt.datetime(2024, 12, 1, tzinfo=dt.UTC)
UNTIL = dt.datetime(2044, 12, 1, tzinfo=dt.UTC)
PAYPAL_NAME = "messageverificationcerts.paypal.com"


@cache
def rsa_pair(number: int, bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return the pair of that number; the same as long as the process lives."""
    assert number >= 0
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def signed(pair: rsa.RSAPrivateKey, content: bytes) -> bytes:
    """Return the signature as providers write it."""
    return base64.b64encode(pair.sign(content, padding.PKCS1v15(), hashes.SHA256()))


def one_line(pair: rsa.RSAPrivateKey) -> bytes:
    """Return the public key as a setting holds it."""
    public = pair.public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


class Certificates(NamedTuple):
    """A chain (PEM, the provider's own first) and the authority that it ends in (DER)."""

    chain: bytes
    leaf: bytes
    root: bytes


@cache
def certificates(
    name: str = PAYPAL_NAME,
    *,
    until: dt.datetime = UNTIL,
    authority: str = "Test Authority",
) -> Certificates:
    """Return a certificate for the name of pair 0, by one between it and an authority of pair 1."""
    root = _certificate(authority, authority, (1, 1))
    between = _certificate("Test Between", authority, (2, 1))
    leaf = _certificate("the provider", "Test Between", (0, 2), host=name, until=until)
    return Certificates(
        b"".join(each.public_bytes(Encoding.PEM) for each in (leaf, between)),
        leaf.public_bytes(Encoding.DER),
        root.public_bytes(Encoding.DER),
    )


def _named(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _certificate(
    subject: str,
    issuer: str,
    pairs: tuple[int, int],
    *,
    host: str = "",
    until: dt.datetime = UNTIL,
) -> x509.Certificate:
    """Return a certificate; `pairs` are the numbers of its own key and of its issuer's."""
    own, issuing = rsa_pair(pairs[0]).public_key(), rsa_pair(pairs[1])
    builder = (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .issuer_name(_named(issuer))
        .public_key(own)
        .serial_number(x509.random_serial_number())
        .not_valid_before(FROM)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=not host, path_length=None), critical=True)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuing.public_key()),
            critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own), critical=False)
        .add_extension(_usage(is_authority=not host), critical=True)
    )
    if host:
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        builder = builder.add_extension(names, critical=False).add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
    return builder.sign(issuing, hashes.SHA256())


def _usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
