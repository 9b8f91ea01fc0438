"""The repository keeps its own habits: sizes, names, docstrings, and what must not appear in it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from support.checkout import ROOMS, ROOT

SOURCES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
BENCHMARKS = sorted((ROOT / "benchmarks").rglob("*.py"))
PYTHON = [*SOURCES, *TESTS, *BENCHMARKS]

MODULE_LINES = 450
FUNCTION_LINES = 60
LINE_LENGTH = 100

BANNED_WORDS = {"Manager", "Handler", "Helper", "Util", "Utils", "Base", "Data", "Info"}
ELSEWHERE = re.compile(
    r"(?<![\w.:/])/(?:home|root|work|farm|opt|Users)/[a-z]|pypi[.]org|python[h]osted|deb[.]debian"
    r"|--(?:extra-)?index[-]url|--find[-]links"
)
TEXT_SUFFIXES = {"", ".cfg", ".json", ".jsonl", ".lock", ".md", ".py", ".toml", ".txt", ".yaml"}
GENERATED = {"__pycache__", "debates", "dist"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def tree(path: Path) -> ast.Module:
    """Return the parsed module; the tests below ask for the same ones."""
    return ast.parse(path.read_text(encoding="utf-8"))


def place(path: Path, line: int) -> str:
    """Return `path:line` as an editor understands it."""
    return f"{path.relative_to(ROOT)}:{line}"


def functions(path: Path) -> Iterator[Function]:
    """Yield every function of a module, nested ones too."""
    for node in ast.walk(tree(path)):
        if isinstance(node, Function):
            yield node


def calls(path: Path) -> Iterator[ast.Call]:
    """Yield every call in a module."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            yield node


def text_files() -> Iterator[Path]:
    """Yield every file that people write: the rooms, and the visible files beside them."""
    folders = [ROOT / name for name in (*ROOMS, "tests", "docs", "benchmarks", ".ci")]
    for path in (*ROOT.iterdir(), *(path for folder in folders for path in folder.rglob("*"))):
        visible = path.parent != ROOT or not path.name.startswith(".")
        if (
            visible
            and path.is_file()
            and path.suffix in TEXT_SUFFIXES
            and GENERATED.isdisjoint(path.relative_to(ROOT).parts)
        ):
            yield path


def test_a_module_fits_its_budget() -> None:
    """A module that grows past its budget has found a second duty."""
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in PYTHON}

    assert [] == [f"{place(path, n)}" for path, n in sizes.items() if n > MODULE_LINES]


def test_a_function_fits_its_budget() -> None:
    """A function is read at one glance."""
    long = [
        f"{place(path, node.lineno)} {node.name}"
        for path in PYTHON
        for node in functions(path)
        if (node.end_lineno or node.lineno) - node.lineno + 1 > FUNCTION_LINES
    ]

    assert [] == long


def test_a_line_fits_its_budget() -> None:
    """Two files fit side by side, strings and comments included."""
    long = [
        place(path, number)
        for path in PYTHON
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > LINE_LENGTH
    ]

    assert [] == long


def test_every_module_states_its_duty() -> None:
    """The first thing in a file says what belongs in it."""
    silent = [place(path, 1) for path in PYTHON if not ast.get_docstring(tree(path))]

    assert [] == silent


def test_no_class_name_hides_its_duty() -> None:
    """Words that fit every class say nothing about this one."""
    vague = [
        f"{place(path, node.lineno)} {node.name}"
        for path in SOURCES
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
        and BANNED_WORDS & set(re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*", node.name))
    ]

    assert [] == vague


def test_actors_are_told_and_never_asked() -> None:
    """An answer is a message like any other, so that nothing waits and everything is logged."""
    asked = [
        place(path, call.lineno)
        for path in SOURCES
        for call in calls(path)
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"ask", "proxy"}
    ]

    assert [] == asked


def test_only_the_command_line_prints() -> None:
    """Standard output carries the data that a command was asked for, and nothing else."""
    printed = [
        place(path, call.lineno)
        for path in SOURCES
        if "cli" not in path.relative_to(ROOT).parts
        for call in calls(path)
        if isinstance(call.func, ast.Name) and call.func.id == "print"
    ]

    assert [] == printed


def test_no_file_names_a_machine_or_an_index() -> None:
    """A checkout works on every machine, with the package index that is configured there."""
    bound = [
        place(path, number)
        for path in text_files()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if ELSEWHERE.search(line)
    ]

    assert [] == bound


@pytest.mark.parametrize(
    "line",
    [
        "see /" + "home/ada/notes",
        "pypi" + ".org",
        "gro.detsohnohtyp.selif"[::-1],
        "--index" + "-url x",
    ],
)
def test_a_machine_or_an_index_would_be_found(line: str) -> None:
    """The search above finds what it is there for."""
    assert ELSEWHERE.search(line)


def test_the_names_of_tests_are_sentences() -> None:
    """The list of tests is the list of promises, so each name says one."""
    short = [
        f"{place(path, node.lineno)} {node.name}"
        for path in TESTS
        for node in functions(path)
        if node.name.startswith("test_") and len(node.name.removeprefix("test_").split("_")) < 3
    ]

    assert [] == short
