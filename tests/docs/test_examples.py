"""The documentation says what is so: its examples run and print what it shows, its links lead
somewhere.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.checkout import ROOT
from support.loopback import Options
from support.pages import (
    PAGES,
    Command,
    File,
    Program,
    Server,
    anchors,
    links,
    shown_commands,
    steps,
)
from support.readers import Reader, make_debate
from support.transcripts import pattern

TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PAGES}
FOLLOWED = [
    name
    for name, text in TEXTS.items()
    if name.startswith(("README", "docs/")) and any(steps(text))
]


@pytest.mark.parametrize("name", FOLLOWED)
def test_a_page_can_be_followed_from_its_first_line_to_its_last(name: str, tmp_path: Path) -> None:
    """Who does what the page says, in order and in an empty directory, sees what it shows."""
    folder, programs = tmp_path / "here", tmp_path / "programs"
    folder.mkdir()
    programs.mkdir()
    with Reader(folder, programs) as reader:
        for step in steps(TEXTS[name]):
            compared = reader.follow(step)
            if compared is None or isinstance(step, File | Server):
                continue
            expected, printed = compared
            shown = "\n".join(step.shown)
            same = expected.fullmatch(printed) is not None
            assert same, f"{name}:{step.line} shows\n{shown}\n\nand what came was\n{printed}"


@pytest.mark.parametrize("name", TEXTS)
def test_every_link_leads_somewhere(name: str) -> None:
    """A page or a heading that was moved takes its links along."""
    folder = (ROOT / name).parent
    lost: list[str] = []
    for target in links(TEXTS[name]):
        path, _, anchor = target.partition("#")
        place = (folder / path).resolve() if path else ROOT / name
        known = place.exists() and (
            not anchor or anchor in anchors(place.read_text(encoding="utf-8"))
        )
        lost += [] if known else [target]

    assert [] == lost


@pytest.mark.parametrize("name", TEXTS)
def test_a_command_that_no_test_runs_is_no_dialectic(name: str) -> None:
    """Only the set-up is shown in `sh` fences, and its targets are those of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    lines = list(shown_commands(TEXTS[name]))

    assert [] == [line for line in lines if line.startswith("dialectic")]
    assert targets >= {line.split()[1] for line in lines if line.startswith("make ")}


def test_every_page_of_the_documentation_is_in_its_index() -> None:
    """Who opens the index finds every page."""
    index = set(links(TEXTS["docs/README.md"]))
    pages = {name.removeprefix("docs/") for name in TEXTS if name.startswith("docs/")}

    assert set() == pages - index - {"README.md"}


def test_a_page_is_read_as_what_its_reader_does() -> None:
    """Files, servers, programs and commands come in order, each with what it shows."""
    page = (
        "<!-- file: a.txt -->\n```text\none\n```\n```python\nprint(1)\n```\n\n```text\n1\n```\n"
        '<!-- server: {"latency_ms": 5} -->\n'
        "```console\n$ cat \\\n  a.txt\none\n$ sleep 9\nrests\n^C\nbye\n```\n"
    )

    (file, program, server, first, second) = steps(page)

    assert File(2, "a.txt", "one\n") == file
    assert Program(5, "print(1)\n", ("1",)) == program
    assert Server(13, Options(latency_ms=5)) == server
    assert Command(14, "cat a.txt", ("one",)) == first
    assert Command(17, "sleep 9", ("rests", "^C", "bye")) == second
    assert isinstance(second, Command)
    assert 1 == second.stop


@pytest.mark.parametrize(
    ("shown", "printed", "fits"),
    [
        ("done: 13 calls\n", "done: 13 calls\n", True),
        ("done: 13 calls\n", "done: 14 calls\n", False),
        ("one\n…\nfour\n", "one\ntwo\nthree\nfour\n", True),
        ("one\n…\nfour\n", "one\ntwo\nthree\nfive\n", False),
        ("at 10:11:12 it began\n", "at 23:59:59 it began\n", True),
        ("took (1.2 s, 3+4 tokens)\n", "took (0.1 s, 900+77 tokens)\n", True),
        ("a title …\n", "a title that is long\n", True),
        ("[1/2] agent-kiss refines\n", "[1/2] agent-security refines\n", True),
        ("[ 1/12] agent-kiss refines\n", "[10/12] agent-security refines\n", True),
        ("[1/2] agent-kiss refines\n", "[1/2] agent-security proposes\n", False),
        ("[1/2] agent-kiss refines\n", "[1/3] agent-kiss refines\n", False),
        ("[1/2] agent-kiss refines (3.1 s)\n", "[1/2] agent-kiss refines\n", True),
        ("[1/2] agent-kiss refines\n", "[1/2] agent-kiss refines (3.1 s, $0.0100)\n", True),
        ("agent-kiss refines\n", "agent-security refines\n", False),
        ("a.c\n", "abc\n", False),
        ("", "something\n", False),
    ],
)
def test_only_what_varies_may_differ(shown: str, printed: str, fits: bool) -> None:
    """A transcript is compared word by word, except for what no two runs have in common."""
    assert fits == bool(pattern(shown.splitlines(), {}).fullmatch(printed))


def test_a_run_keeps_its_id_throughout_a_page() -> None:
    """An id that a page repeats means the same run each time."""
    first, second = "deb-20260102-030405-abcd", "deb-20270102-030405-wxyz"
    shown = pattern([first, first], {})
    known = pattern([first], {first: second})

    assert shown.fullmatch(f"{second}\n{second}\n")
    assert not shown.fullmatch(f"{second}\n{first}\n")
    assert known.fullmatch(f"{second}\n")
    assert not known.fullmatch(f"{first}\n")


def test_the_examples_debate_as_the_makefile_does() -> None:
    """`make debate` in a page is the recipe of the Makefile, not a copy of it."""
    script = make_debate('PROBLEM ?= Why so?\ndebate: x ## y\n\t@$(BIN)/d $(ARGS) -- "$$PROBLEM"\n')

    assert "PROBLEM='Why so?'" in script
    assert 'exec d $ARGS -- "$PROBLEM"' in script
