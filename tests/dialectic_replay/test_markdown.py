"""Words of others within Markdown: whatever they hold, the page around them keeps its structure.

The judge of structure is a CommonMark parser that has no part in the product.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from dialectic_replay.markdown import cell, fenced, nested, plain

COMMONMARK = MarkdownIt("commonmark").enable("table")
PIECES = (
    *("#", "##", "# a", "## Rounds", "===", "---", "-", "- ", "* ", "1. ", "2. ", "> ", ">", " "),
    *("   ", "    ", "\t", "`", "``", "```", "````", "~~~", "~~~~", "```md", "\n", "\n", "\n\n"),
    *("\r", "a", "b|c", "|", "|-|", "<script>", "</script>", "<!--", "<div>", "<b>", "<?", "<!X"),
    *("\\", "\\`", "[a]: b", "<http://a>", "&lt;", "\u2028", "\u00a0"),
)


def hostile() -> st.SearchStrategy[str]:
    """Markdown as nobody means it: pieces of markup in any order."""
    return st.lists(st.sampled_from(PIECES), max_size=14).map("".join)


def parsed(markdown: str) -> list[Token]:
    """All tokens, those within lines as well."""
    tokens = COMMONMARK.parse(markdown)
    return [each for token in tokens for each in (token, *(token.children or ()))]


def headings(markdown: str) -> list[tuple[str, str]]:
    """Level and words of each heading, at any depth of nesting."""
    tokens = COMMONMARK.parse(markdown)
    return [
        (token.tag, tokens[index + 1].content)
        for index, token in enumerate(tokens)
        if token.type == "heading_open"
    ]


def raw_html(markdown: str) -> list[str]:
    """What a renderer would hand to the browser as it is."""
    return [each.content for each in parsed(markdown) if each.type.startswith("html")]


@given(hostile())
def test_nested_markdown_stays_in_its_section(text: str) -> None:
    """No heading as high as ours, no raw HTML, and what follows is what we wrote."""
    page = f"# A\n\n{nested(text, 2)}\n\n# B\n\nend\n"

    high = [heading for heading in headings(page) if heading[0] in ("h1", "h2")]
    assert [("h1", "A"), ("h1", "B")] == high
    assert [] == raw_html(page)


@given(hostile())
def test_nested_markdown_stays_in_its_list_item(text: str) -> None:
    """Also where it stands below a mark of a list."""
    page = "# A\n\n- " + nested(text, 2).replace("\n", "\n  ") + "\n\n# B\n\nend\n"

    high = [heading for heading in headings(page) if heading[0] in ("h1", "h2")]
    assert [("h1", "A"), ("h1", "B")] == high
    assert [] == raw_html(page)


@given(st.one_of(hostile(), st.text()))
def test_a_fence_holds_whatever_is_in_it(text: str) -> None:
    """The parser finds one block of code, with the text in it as it was."""
    tokens = COMMONMARK.parse(f"# A\n\n{fenced(text)}\n\n# B\n")

    (fence,) = (token for token in tokens if token.type == "fence")
    kept = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "\ufffd")
    assert f"{kept}\n" == fence.content
    assert ["A", "B"] == [token.content for token in tokens if token.type == "inline"]


@given(st.one_of(hostile(), st.text()))
def test_a_cell_is_one_cell(text: str) -> None:
    """A table keeps its columns, and a cell shows what was said, markup and all."""
    tokens = COMMONMARK.parse(f"| a | b |\n|---|---|\n| {cell(text)} | end |\n")

    assert 4 == sum(token.type in ("th_open", "td_open") for token in tokens)
    inline = [token for token in tokens if token.type == "inline"]
    shown = "".join(child.content for child in inline[2].children or ())
    kept = " ".join(text.split()).replace("\0", "\ufffd")
    assert (kept or "–") == shown


@given(st.one_of(hostile(), st.text()))
def test_a_heading_is_one_line_of_plain_words(text: str) -> None:
    """Nothing in it is markup."""
    tokens = COMMONMARK.parse(f"## x {plain(text)}\n")

    assert ["heading_open", "inline", "heading_close"] == [token.type for token in tokens]
    assert {"text", "text_special"} >= {child.type for child in tokens[1].children or ()}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# One\n\ntext\n\n## Two", "### One\n\ntext\n\n#### Two"),
        ("##### Deep", "###### Deep"),
        ("#no heading", "#no heading"),
        ("```sh\n# a comment\n```\n# One", "```sh\n# a comment\n```\n### One"),
        ("1. do\n   ```sh\n   # a comment\n   ```\n", "1. do\n   ```sh\n   # a comment\n   ```"),
        ("```\nnever closed", "```\nnever closed\n```"),
        ("> # quoted", "> ### quoted"),
        ("One\n===\ntext", "One\n\\===\ntext"),
        ("text\n\n---\n\ntext", "text\n\n---\n\ntext"),
        ("a <b>bold</b> `<T>` word", "a \\<b>bold\\</b> `<T>` word"),
        ("a < b, 1<2", "a < b, 1<2"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "| a | b |\n|---|---|\n| 1 | 2 |"),
        ("", ""),
    ],
)
def test_markdown_that_people_write_is_kept(text: str, shown: str) -> None:
    """Only headings move; code, lists and tables stay as they are."""
    assert shown == nested(text, 2)


@pytest.mark.parametrize(
    "text",
    [
        *("`" * 200_000, "- " * 100_000, "> " * 100_000),
        *("`a``b```c" * 30_000, "<a" * 100_000, "\\" * 200_000),
    ],
)
def test_a_huge_line_is_read_in_one_go(text: str) -> None:
    """Work grows with the text and not with its square."""
    assert nested(text, 2)
