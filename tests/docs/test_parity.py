"""The table of features is counted right, and what it names is there."""

import ast
from functools import cache

import pytest

from docs.generate import Row, pages, parity
from support.checkout import ROOT

COUNTED = 120
ROWS = parity().rows


@cache
def named_in(file: str) -> frozenset[str]:
    """The names of the tests in a file."""
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    defined = (n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef))
    return frozenset(name for name in defined if name.startswith("test_"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row.feature))
def test_every_test_of_a_row_exists(row: Row) -> None:
    """A test that is renamed takes its row along."""
    missing = [
        test for test in row.tests if parity().node(test)[1] not in named_in(parity().node(test)[0])
    ]

    assert [] == missing


def test_a_row_without_tests_says_why() -> None:
    """Nothing is passed over in silence."""
    assert [] == [row.feature for row in ROWS if not row.tests and not row.note]


def test_every_feature_has_its_row() -> None:
    """Numbers are places, so none may be lost, and no file is named in vain."""
    assert COUNTED == len(ROWS) == len({row.feature for row in ROWS})
    assert {test.partition("::")[0] for row in ROWS for test in row.tests} == set(parity().files)


def test_the_page_has_a_line_for_each_row() -> None:
    """With its number, and tables are not broken by words."""
    lines = [line for line in pages()["reference/parity.md"].splitlines() if line[:3] == "| 1"]

    assert [5] == sorted({line.count("|") for line in lines})
    assert "| 1 | debate a problem given on the command line | yes | [a debate prints" in "\n".join(
        lines
    )
