from __future__ import annotations

import pytest

from domain.errors import PayloadInvalid
from domain.providers.xml_tree import DEPTH_MAX, parse


def test_elements_are_texts_objects_lists_or_nothing() -> None:
    tree = parse(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<a>\n <b>1 &lt; 2 &#233;</b><c nil="true"/><d/>'
        b'<e type="array"><x>1</x><x>2</x></e><f type="array"/><g><h> </h></g>\n</a>\n',
        "a",
    )

    assert tree == {
        "b": "1 < 2 é",
        "c": None,
        "d": "",
        "e": ["1", "2"],
        "f": [],
        "g": {"h": " "},
    }


@pytest.mark.parametrize(
    "document",
    [
        b'<!DOCTYPE a [<!ENTITY x "y">]><a><b>&x;</b></a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a><b>1</b></a>',
        b"<a><b>1</b><!-- 2 --></a>",
        b"<a><b><![CDATA[1]]></b></a>",
        '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a><b>1</b></a>'.encode("utf-16"),
    ],
)
def test_nothing_expands_and_nothing_is_fetched(document: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        parse(document, "a")


def test_the_encoding_that_a_document_claims_is_not_gone_by() -> None:
    document = '<?xml version="1.0" encoding="UTF-7"?><a><b>+AD4- é</b></a>'.encode()

    assert parse(document, "a") == {"b": "+AD4- é"}


@pytest.mark.parametrize(
    "document",
    [
        *(b"", b"1", b"<a>", b"<a/>", b"<a>1</a>", b"<b><c>1</c></b>", b"<a><b/></a><a><b/></a>"),
        *(b"<a><b>&nope;</b></a>", b"<a><b>\0</b></a>", b"<a><b>\xff</b></a>", b"<a><b/>text</a>"),
        *(b"<a><b>1</b><b>2</b></a>", b'<a type="array"><b>1</b></a>', b"<a><b>&#0;</b></a>"),
        *(b"<a><b><c/>1</b></a>", b'<a><b x="1" x="2"/></a>'),
    ],
)
def test_a_document_with_two_meanings_or_none_is_refused(document: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        parse(document, "a")


def test_elements_are_nested_to_a_limit() -> None:
    def nested(levels: int) -> bytes:
        return b"<a>" * levels + b"1" + b"</a>" * levels

    assert parse(nested(DEPTH_MAX), "a")
    for levels in (DEPTH_MAX + 1, 10_000):
        with pytest.raises(PayloadInvalid, match="levels deep"):
            parse(nested(levels), "a")
