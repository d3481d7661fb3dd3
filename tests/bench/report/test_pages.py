"""The README's block and the list of runs: nothing beside them is touched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.bench.report import document, page, plot, readme
from tests.bench.report.errors import MarksMissing, RunUnreadable
from tests.bench.report.samples import README, whole, written

if TYPE_CHECKING:
    from pathlib import Path


def test_the_readme_block_is_replaced_and_not_a_byte_beside_it(tmp_path: Path) -> None:
    page_path = tmp_path / "README.md"
    after = written(page_path, whole())
    head, _, rest = README.partition("stale")
    assert after.startswith(head)
    assert after.endswith(rest)
    assert "stale" not in after
    assert "python3 dev.py bench`, 2026-11-23, commit abc1234 with changes" in after
    assert "[every figure](docs/benchmarks/2026-11-23.json)" in after
    assert r"Acks against a $1 \| &lt;floor>" in after
    assert readme.write(page_path, whole()) is False
    assert page_path.read_bytes().decode() == after


def test_the_readme_links_to_the_picture_and_the_list_where_they_are(tmp_path: Path) -> None:
    told, folder = whole(form="full"), tmp_path / "docs" / "benchmarks"
    assert "![" not in written(tmp_path / "README.md", told)
    picture = plot.write(told, folder)
    page.write(folder)
    text = written(tmp_path / "README.md", told)
    assert f"](docs/benchmarks/{picture.name})" in text
    assert "[all runs](docs/benchmarks/README.md)" in text
    assert "python3 dev.py bench --full`" in text


@pytest.mark.parametrize(
    "text",
    [
        "nothing",
        "<!-- bench:begin -->",
        "<!-- bench:end --><!-- bench:begin -->",
        "<!-- bench:begin --><!-- bench:end --><!-- bench:begin -->",
    ],
)
def test_a_readme_without_its_marks_is_left_as_it_is_with_a_clear_error(
    tmp_path: Path, text: str
) -> None:
    page_path = tmp_path / "README.md"
    page_path.write_text(text)
    with pytest.raises(MarksMissing, match=r"README\.md needs the lines <!-- bench:begin -->"):
        readme.write(page_path, whole())
    assert page_path.read_text() == text


def test_the_list_of_runs_has_the_newest_first_and_keeps_what_people_wrote(tmp_path: Path) -> None:
    older = whole() | {"started_at": "2026-09-30T08:00:00+00:00"}
    for told in (older, whole(form="full"), whole()):
        document.write(told, tmp_path)
    (tmp_path / "notes.json").write_text("[]")
    list_path = tmp_path / "README.md"
    list_path.write_text("How we measure.\n<!-- runs:begin --><!-- runs:end -->\nSee also.")
    assert page.write(tmp_path)
    text = list_path.read_text()
    assert text.startswith("How we measure.\n")
    assert text.endswith("\nSee also.")
    files = [line for line in text.splitlines() if ".json)" in line]
    names = ["2026-11-23-full", "2026-11-23", "2026-09-30"]
    for line, name in zip(files, names, strict=True):
        assert f"[JSON]({name}.json)" in line
        assert "3 of 5 goals are met, 2 not" in line
        assert "0.7996× (≥\xa00.8×, not met)" in line  # noqa: RUF001 - the sign of a ratio
    assert page.write(tmp_path) is False


def test_a_file_named_like_a_run_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "2026-11-23.json").write_text("{}")
    with pytest.raises(RunUnreadable, match=r"2026-11-23\.json is not a saved run"):
        page.write(tmp_path)
