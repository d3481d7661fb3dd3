"""Keys that a delivery names: where a certificate is to be fetched from is a sender's word.

None of these addresses may be asked; a listener of the pack's own sees to that.
"""

from __future__ import annotations

from tests.conformance.senders import paypal
from tests.hostile.inputs import Input, post

_HOST = "api.paypal.com"
_PATH = "/v1/notifications/certs/CERT-360caa42-fca2a594-a5cafa77"

LISTENER = "127.0.0.1:1"
"""Stands in the addresses; the pack puts the port of its listener there."""

_ADDRESSES = {
    "this machine": f"http://{LISTENER}{_PATH}",
    "this machine by https": f"https://{LISTENER}{_PATH}",
    "this machine by name": f"https://localhost{_PATH}",
    "a user before this machine": f"https://{_HOST}@{LISTENER}{_PATH}",
    "a user and a password": f"https://{_HOST}:443@{LISTENER}{_PATH}",
    "a backslash": f"https://{LISTENER}\\@{_HOST}{_PATH}",
    "a fragment": f"https://{LISTENER}#@{_HOST}{_PATH}",
    "a query": f"https://{LISTENER}?@{_HOST}{_PATH}",
    "a host that ends alike": f"https://evil-{_HOST}{_PATH}",
    "a host that begins alike": f"https://{_HOST}.evil.example{_PATH}",
    "a dot behind the host": f"https://{_HOST}.{_PATH}",
    "a port": f"https://{_HOST}:8443{_PATH}",
    "a plain address of the host": f"http://{_HOST}{_PATH}",
    "the host in capitals": f"https://{_HOST.upper()}{_PATH}",
    "letters of another script": f"https://api.p\u0430ypal.com{_PATH}",
    "the service of a cloud": "http://169.254.169.254/latest/meta-data/iam",
    "an address in decimal": f"https://2130706433{_PATH}",
    "an address in hexadecimal": f"https://0x7f.1{_PATH}",
    "an address of IPv6": f"https://[::1]{_PATH}",
    "an address of IPv4 in IPv6": f"https://[::ffff:127.0.0.1]{_PATH}",
    "an address with a zone": f"https://[fe80::1%25lo]{_PATH}",
    "nothing": "",
    "no scheme": f"//{_HOST}{_PATH}",
    "a file": "file:///etc/passwd",
    "a gopher": f"gopher://{LISTENER}/_FLUSHALL",
    "another path of the host": f"https://{_HOST}/v1/oauth2/token",
    "a step up": f"https://{_HOST}{_PATH}/../../../oauth2",
    "a query behind the path": f"https://{_HOST}{_PATH}?redirect=http://{LISTENER}",
    "a line's end that is escaped": f"https://{_HOST}{_PATH}%0d%0aHost:%20evil",
    "a blank": f"https://{_HOST}{_PATH} evil",
    "3,000 letters": f"https://{_HOST}{_PATH}{'A' * 3_000}",
    "two addresses": f"https://{_HOST}{_PATH}, https://{LISTENER}{_PATH}",
}


def _delivery(url: str) -> bytes:
    good = paypal.SENDER.request()
    headers = [
        (name, url.encode() if name == b"paypal-cert-url" else value)
        for name, value in good.headers
    ]
    return post(good.body, *headers, path="/webhooks/paypal")


INPUTS = tuple(
    Input(f"a certificate at {what}", _delivery(url), "401") for what, url in _ADDRESSES.items()
)
