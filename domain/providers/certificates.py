"""Certificates: whether the one that signed is a provider's own, by an authority that is believed.

The authorities are handed in: which of them are believed is no part of a dialect.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from domain.errors import OutcomeUnknown, SignatureInvalid
from domain.providers.public_keys import rsa_key

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    from domain.delivery import KeyAnswer

CERTIFICATES_MAX = 8
"""Certificates of one answer: the provider's own, and those between it and an authority."""

BETWEEN_MAX = 4
"""Certificates between the two that a chain may have."""


def proven_leaf(answer: KeyAnswer, names: Sequence[str]) -> bytes:
    """Return the first certificate of a PEM answer (DER), if it is proven for one of the names.

    Raises OutcomeUnknown where the answer holds none, SignatureInvalid where it is not proven:
    its chain does not end in an authority, it is not valid now, or it is another's.
    """
    chain = _chain(answer.body)
    store = _possible_roots(chain, answer.roots)
    moment = datetime.fromtimestamp(answer.at_s, UTC)
    if store is None or not any(_is_proven(chain, store, name, moment) for name in names):
        msg = f"the certificate is not proven for {' or '.join(names)} by a known authority"
        raise SignatureInvalid(msg)
    return chain[0].public_bytes(Encoding.DER)


def rsa_key_of(certificate: bytes, *, at_s: int) -> RSAPublicKey:
    """Return the key of a certificate (DER) that `proven_leaf` has returned.

    Raises SignatureInvalid where the certificate is not valid at that Unix time, or its key is of
    another kind.
    """
    try:
        read = x509.load_der_x509_certificate(certificate)
    except ValueError:
        raise SignatureInvalid("the certificate cannot be read") from None
    moment = datetime.fromtimestamp(at_s, UTC)
    if not read.not_valid_before_utc <= moment <= read.not_valid_after_utc:
        raise SignatureInvalid("the certificate is not valid now")
    key = rsa_key(read.public_key())
    if key is None:
        raise SignatureInvalid("the certificate has no RSA key of a fair size")
    return key


def _chain(pem: bytes) -> list[x509.Certificate]:
    try:
        chain = x509.load_pem_x509_certificates(pem)
    except ValueError:
        raise OutcomeUnknown("the answer is no certificate") from None
    if len(chain) > CERTIFICATES_MAX:
        raise OutcomeUnknown(f"the answer has {len(chain)} certificates")
    return chain


def _possible_roots(chain: Sequence[x509.Certificate], roots: Sequence[bytes]) -> Store | None:
    """Return the authorities that the chain names; the others need not even be read."""
    issuers = {each.issuer.public_bytes() for each in chain}
    named = [root for root in roots if any(issuer in root for issuer in issuers)]
    return Store([x509.load_der_x509_certificate(root) for root in named]) if named else None


def _is_proven(
    chain: Sequence[x509.Certificate], store: Store, name: str, moment: datetime
) -> bool:
    policy = PolicyBuilder().store(store).time(moment).max_chain_depth(BETWEEN_MAX)
    try:
        policy.build_server_verifier(x509.DNSName(name)).verify(chain[0], list(chain[1:]))
    except VerificationError:
        return False
    return True
