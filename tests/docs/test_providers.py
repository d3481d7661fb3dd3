"""The page of providers says what the dialects are, and its example is read as it says."""

from __future__ import annotations

import pytest

from domain.delivery import ProviderEvent
from domain.facts import FactKind
from domain.providers import PROVIDERS
from tests.docs import providers_page
from tests.docs.pages import ROOT, anchors, blocks, code_words

PAGE = ROOT / providers_page.PAGE_FILE


def test_the_page_is_what_the_dialects_make_of_it() -> None:
    [made] = providers_page.generated().values()
    assert PAGE.read_text() == made, "run `python -m tests.docs.providers_page`"
    assert "{{" not in made


@pytest.mark.parametrize("name", sorted(PROVIDERS))
def test_each_provider_has_a_section_with_its_variables_traps_and_doubts(name: str) -> None:
    provider, text = PROVIDERS[name], PAGE.read_text()
    stem = name.upper().replace("-", "_")
    variables = {f"{stem}_WEBHOOK_SECRET", *(f"{stem}_{each.name}" for each in provider.settings)}

    section = text.partition(f"\n## {provider.card.title}\n")[2].partition("\n## ")[0]

    assert variables <= set(code_words(section))
    for said in (*provider.card.traps, *provider.card.doubts):
        assert said[1:].replace("|", "\\|") in section or said[1:] in section
    assert len(anchors(PAGE)) >= len(PROVIDERS)


def test_the_body_that_one_may_send_is_read_as_the_page_says() -> None:
    [body] = blocks(PAGE, "json")
    said = PROVIDERS["standard-webhooks"].parse(body.encode(), "any")

    assert isinstance(said, ProviderEvent)
    assert [fact.kind for fact in said.facts] == [FactKind.SUCCEEDED, FactKind.FEE]
    assert said.reference == "ORD-1"
