"""Outgoing calls: addresses that no key of ours may be sent to, and names of this machine."""

from __future__ import annotations

REFUSED = (
    *("", " ", "https", "https:", "https:/", "https://", "//api.example.com", "api.example.com"),
    *("http://api.example.com", "HTTP://api.example.com", "http://10.0.0.1", "http://[::2]"),
    *("http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://127.0.0.2"),
    *("http://2130706433", "http://0x7f.1", "http://0", "http://[::ffff:127.0.0.1]"),
    *("https://user@api.example.com", "https://user:password@api.example.com", "https://@x"),
    *("http://localhost@evil.example", "http://evil.example#@localhost", "https://x/#a"),
    *("https://x/?a=b", "https://x?", "https://x/#"),
    *("https://api.example.com:port", "https://x:99999"),
    *("https://[::1", "https://[evil]", "ftp://localhost", "file:///etc/passwd", "gopher://x"),
    *("javascript:alert(1)", "data:text/html,x", "unix:///run/x.sock", "https://:443"),
)
"""What no provider's API may be at: no host, no TLS where it is needed, or another host than reads
at first sight."""

LOOPBACK_NAMES = (
    *("localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.1", "127.0.1", "0", "0.0.0.0"),
    *("2130706433", "0x7f000001", "0x7f.1", "017700000001", "0177.0.0.1", "127.255.255.254"),
    *("::1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:0:0:1", "::127.0.0.1"),
)
"""Ways to write this machine. Whoever connects to the outside connects to none of them."""
