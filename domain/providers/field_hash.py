"""The family that hashes a few fields of its body, and puts the hash into the same body.

Not an HMAC: a plain hash of the fields with the key at their end, nothing between them. What else
the body says is open to change by whoever has seen one delivery, and it is that which decides what
happened. So a member is `Unproven`, although some of its words are proven.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from domain import signing
from domain.errors import PayloadInvalid, SignatureInvalid, SignatureMissing
from domain.providers.token import Unproven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from domain.delivery import Delivery, Secret

    Tree = dict[str, Any]


class FieldHash(Unproven):
    """Sets `algorithm` and `code_field`: where in the body the hash stands, in hexadecimal."""

    algorithm: str
    code_field: str

    @abstractmethod
    def signed_text(self, tree: Tree) -> str:
        """Return what stands before the key. Raises SignatureInvalid where a field is no text."""

    def glance(self, body: bytes) -> Tree:
        """Read the body as strictly for its key as for its signature."""
        return self.read(body)

    def authenticate(self, delivery: Delivery, secrets: Sequence[Secret]) -> str:
        """Compare the hash with the one that each secret gives the fields.

        The body must be read for that, so it is read strictly: fields of which two parsers would
        see different ones are proven by nothing.
        """
        try:
            tree = self.read(delivery.body)
        except PayloadInvalid as error:
            raise SignatureMissing(f"no {self.code_field} can be read: {error}") from error
        code = tree.get(self.code_field)
        if not isinstance(code, str):
            raise SignatureMissing(f"the body has no {self.code_field}")
        if len(code) > signing.HEADER_BYTES_MAX:
            raise SignatureInvalid(f"{self.code_field} has {len(code)} characters")
        text = self.signed_text(tree).encode()
        return signing.matching_key_id(
            secrets,
            [code.encode("ascii", "replace")],
            lambda secret: hashlib.new(self.algorithm, text + secret).hexdigest().encode(),
        )
