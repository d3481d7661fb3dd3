from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from workers.clients.wire import tls

if TYPE_CHECKING:
    import pytest


def test_a_certificate_is_required_and_has_to_fit_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/dev/null")
    tls.cache_clear()

    context = tls()

    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert context.get_ca_certs()
