"""Files of one directory and of no other, whatever a path says and whatever links there are."""

from __future__ import annotations

import errno
import os
import socket
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.tools import files
from dialectic_actors.tools.arguments import Refused
from dialectic_actors.tools.files import list_files, read_file

NAMES = ("a", "b", "c")
STEPS = st.sampled_from([*NAMES, *NAMES, "..", ".", "", "top", "outside", "secret"])
PATHS = st.lists(STEPS, min_size=1, max_size=6).map("/".join) | st.sampled_from(
    ["../secret", "../outside", "../../top/a"]
)
SPOTS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map("/".join)
TREES = st.lists(
    st.tuples(
        SPOTS,
        st.one_of(
            st.just("file"),
            st.just("directory"),
            PATHS.map(lambda path: f"link {path}"),
            PATHS.map(lambda path: f"link @/{path}"),
        ),
    ),
    max_size=10,
)


def grown(base: Path, tree: list[tuple[str, str]]) -> Path:
    """A directory `top` with what `tree` names in it, beside others that hold secrets."""
    top = base / "top"
    for folder in (top, base / "outside", base / "outside" / "a"):
        folder.mkdir()
    for secret in ("secret", "outside/secret", "outside/a/a", "outside/b"):
        (base / secret).write_text("SECRET")
    for spot, kind in tree:
        place = top / spot
        # A spot that is taken, or that leads through a file or a link, is left as it is.
        if any(each.is_symlink() or each.is_file() for each in (place, *place.parents)):
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        if kind == "directory":
            place.mkdir(exist_ok=True)
        elif place.exists():
            continue
        elif kind == "file":
            place.write_text(f"inside {spot}")
        else:
            place.symlink_to(kind.removeprefix("link ").replace("@", str(base)) or ".")
    return top


def real(top: Path, path: str) -> Path | None:
    """What the system makes of `path`, if no step of it leads out."""
    steps = path.split("/")
    places = [Path(os.path.realpath(top / "/".join(steps[: n + 1]))) for n in range(len(steps))]
    inside = all(place.is_relative_to(os.path.realpath(top)) for place in places)
    return places[-1] if inside else None


@given(TREES, PATHS)
def test_a_file_is_read_exactly_when_no_step_leads_out(
    tree: list[tuple[str, str]], path: str
) -> None:
    """Links are followed as the system follows them, and never to what lies outside."""
    with tempfile.TemporaryDirectory() as base:
        top = grown(Path(base), tree)
        place = real(top, path)
        try:
            content = read_file(top, path)["content"]
        except Refused:
            content = None

        expected = place.read_text() if place is not None and place.is_file() else None
        assert expected == content


@given(TREES, PATHS)
def test_a_listing_names_what_can_be_read_and_nothing_else(
    tree: list[tuple[str, str]], path: str
) -> None:
    """Every entry can be used as it is named; those that are left out lead out or to nothing."""
    with tempfile.TemporaryDirectory() as base:
        top = grown(Path(base), tree)
        place = real(top, path)
        try:
            listed = list_files(top, path)["entries"]
        except Refused:
            assert place is None or not place.is_dir()
            return

        assert place is not None
        within = place.relative_to(os.path.realpath(top))
        names = sorted(entry.name for entry in place.iterdir())
        kinds = {f"{within / name}": kind(real(top, f"{within}/{name}")) for name in names}
        expected = [{"path": each, "type": named} for each, named in kinds.items() if named]
        assert expected == listed


def kind(place: Path | None) -> str | None:
    """What a listing says of a place."""
    if place is None or not place.exists():
        return None
    return "directory" if place.is_dir() else "file"


@given(st.text(alphabet=st.characters(), max_size=40))
def test_whatever_a_path_holds_is_refused_on_one_line(path: str) -> None:
    """NUL bytes, surrogates, line ends: nothing is an error of ours, or shows where we are."""
    with tempfile.TemporaryDirectory() as base:
        (Path(base) / "sub").mkdir()
        with pytest.raises(Refused) as refused:
            read_file(Path(base), f"sub/{path}")

    assert str(refused.value).isprintable()
    assert base not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../secret", "leads out of the context directory"),
        ("sub/../../top/a.txt", "leads out of the context directory"),
        ("../no-such-directory/../top/a.txt", "leads out of the context directory"),
        ("out/secret", "leads out of the context directory"),
        ("out/missing", "leads out of the context directory"),
        ("dangling", "leads out of the context directory"),
        ("/etc/hostname", "is absolute"),
        ("missing", "there is nothing at 'missing'; see list_files"),
        ("sub", "is a directory; use list_files"),
        (".", "is a directory; use list_files"),
        ("", "is a directory; use list_files"),
        ("a.txt/b", "is not a directory, or leads through a file"),
        ("loop", "cannot be read: "),
        ("a.txt\0", "holds a character that no path can hold"),
        ("\ud800", "holds a character that no path can hold"),
        ("x" * 300, "cannot be read: File name too long"),
        ("x/" * 3000, "the path is longer than 4,096 characters"),
        ("binary", "is binary, not text"),
        ("latin", "is not text in UTF-8"),
        ("pipe", "is not a regular file"),
        ("socket", "is not a regular file"),
        ("to-pipe", "is not a regular file"),
    ],
)
def test_a_file_that_is_not_read_is_refused_with_the_reason(
    path: str, reason: str, tmp_path: Path
) -> None:
    """In words that a model can act on; a pipe is not even opened, which would never end."""
    top = tmp_path / "top"
    (top / "sub").mkdir(parents=True)
    (tmp_path / "secret").write_text("SECRET")
    (top / "a.txt").write_text("a")
    (top / "out").symlink_to(tmp_path)
    (top / "dangling").symlink_to("../nothing")
    (top / "loop").symlink_to("loop")
    (top / "binary").write_bytes(b"a\0b")
    (top / "latin").write_bytes("für".encode("latin-1"))
    os.mkfifo(top / "pipe")
    (top / "to-pipe").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as listener, pytest.MonkeyPatch.context() as patch:
        patch.chdir(top)
        listener.bind("socket")

        with pytest.raises(Refused) as refused:
            read_file(top, path)

    assert reason in str(refused.value)


@pytest.mark.parametrize("use", [read_file, list_files])
def test_without_a_directory_there_are_no_files(use: Callable[..., object]) -> None:
    """Not even those of the working directory."""
    with pytest.raises(Refused, match="no --context directory was given"):
        use(None, "README.md")


def test_a_file_that_may_not_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the system says is told without the path that it says it of."""

    def refuse(path: str, *_: object, **__: object) -> NoReturn:
        raise PermissionError(errno.EACCES, "of /somewhere", path)

    (tmp_path / "mine").write_text("mine")
    # Not by `chmod`: the superuser, as which tests may run, may read everything.
    monkeypatch.setattr(os, "open", refuse)

    with pytest.raises(Refused, match=r"^'mine' cannot be read: Permission denied$"):
        read_file(tmp_path, "mine")


def test_a_directory_that_is_gone_says_so(tmp_path: Path) -> None:
    """A resumed run may find that its directory was removed."""
    with pytest.raises(Refused, match="there is nothing at"):
        read_file(tmp_path / "gone", "a")


def test_the_directory_itself_may_be_a_link(tmp_path: Path) -> None:
    """Its owner chose it; what counts is where it leads."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_text("one")
    (tmp_path / "link").symlink_to("real")

    assert {"content": "one"} == read_file(tmp_path / "link", "a")
    assert {"entries": [{"path": "a", "type": "file"}]} == list_files(tmp_path / "link", ".")


def test_the_whole_file_system_can_be_the_directory(tmp_path: Path) -> None:
    """The root of the system has no parent to lead out to."""
    (tmp_path / "a").write_text("one")

    assert {"content": "one"} == read_file(Path("/"), f"..{tmp_path.resolve()}/a")


@pytest.fixture
def swapped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, Callable[[], None]], None]]:
    """Let something happen once, right after the named function of `files` has returned."""

    def after(name: str, happen: Callable[[], None]) -> None:
        inner, pending = getattr(files, name), [happen]

        def outer(*arguments: object) -> object:
            returned = inner(*arguments)
            while pending:
                pending.pop()()
            return returned

        monkeypatch.setattr(files, name, outer)

    yield after
    monkeypatch.undo()


@pytest.mark.parametrize("at", ["sub", "sub/a"])
def test_a_link_that_appears_in_between_is_not_followed(
    at: str, tmp_path: Path, swapped: Callable[[str, Callable[[], None]], None]
) -> None:
    """Neither in the place of a directory nor of the file: what was checked is what is opened."""
    top = tmp_path / "top"
    (top / "sub").mkdir(parents=True)
    (top / "sub" / "a").write_text("inside")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "a").write_text("SECRET")

    def swap() -> None:
        (top / at).rename(tmp_path / "moved")
        (top / at).symlink_to(tmp_path / "outside" / Path(at).relative_to("sub"))

    swapped("_resolved", swap)
    with pytest.raises(Refused):
        read_file(top, "sub/a")


@pytest.mark.parametrize(
    ("appear", "reason"),
    [
        (os.mkfifo, "is not a regular file"),
        (os.mkdir, "is a directory"),
        (lambda place: place.symlink_to("/etc/passwd"), "cannot be read: Too many levels"),
    ],
)
def test_what_appears_between_look_and_opening_is_refused(
    appear: Callable[[Path], None],
    reason: str,
    tmp_path: Path,
    swapped: Callable[[str, Callable[[], None]], None],
) -> None:
    """A pipe holds nobody up, and a link is not followed."""
    (tmp_path / "a").write_text("inside")

    def swap() -> None:
        (tmp_path / "a").unlink()
        appear(tmp_path / "a")

    swapped("_refuse_irregular", swap)
    with pytest.raises(Refused, match=reason):
        read_file(tmp_path, "a")


def test_reading_leaves_nothing_open(tmp_path: Path) -> None:
    """A run of days reads many files, and many that are none."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_text("one")
    before = len(list(Path("/dev/fd").iterdir()))

    for path in ("sub/a", "sub/missing", "sub", "missing/a", "sub/a/b"):
        for use in (read_file, list_files):
            try:
                use(tmp_path, path)
            except Refused:
                continue

    assert before == len(list(Path("/dev/fd").iterdir()))


LINES = st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12), max_size=30)


@given(LINES, st.sampled_from(["", "\n"]), st.integers(1, 40))
def test_the_pieces_of_a_long_file_are_the_file(lines: list[str], last: str, limit: int) -> None:
    """Who goes on where a piece ends has read all of it; only a line that is too long is cut."""
    text = "\n".join(lines) + last
    text = text.removeprefix("\ufeff")
    with tempfile.TemporaryDirectory() as base, pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "CONTENT_LIMIT", limit)
        (Path(base) / "long").write_bytes(text.encode())
        pieces: list[str] = []
        line = 1
        while line:
            piece = read_file(Path(base), "long", line)
            pieces.append(str(piece["content"]))
            note = str(piece.get("note", ""))
            line = int(note.partition("from_line ")[2] or 0)

    assert all(len(piece) <= limit for piece in pieces)
    if all(len(each) < limit for each in text.split("\n")):
        assert text == "".join(pieces)


def test_a_piece_says_where_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the line to go on at, and how many there are."""
    monkeypatch.setattr(files, "CONTENT_LIMIT", 10)
    (tmp_path / "a").write_text("one\ntwo\nthree\na line that is long\nfive")

    assert {
        "content": "one\ntwo\n",
        "note": "lines 1 to 2 of 5; read on with from_line 3",
    } == read_file(tmp_path, "a")
    assert {
        "content": "a line tha",
        "note": "line 4 of 5, without its end, for it is too long; read on with from_line 5",
    } == read_file(tmp_path, "a", 4)
    assert {"content": "five", "note": "lines 5 to 5, the last"} == read_file(tmp_path, "a", 5)
    with pytest.raises(Refused, match="'a' has 5 lines"):
        read_file(tmp_path, "a", 6)


def test_an_empty_file_is_a_file(tmp_path: Path) -> None:
    """It has no line, and reading it from the first one is no mistake."""
    (tmp_path / "a").touch()

    assert {"content": ""} == read_file(tmp_path, "a")


def test_a_file_beyond_the_limit_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk image is nobody's context."""
    monkeypatch.setattr(files, "FILE_LIMIT", 10)
    (tmp_path / "a").write_text("x" * 10)
    (tmp_path / "b").write_text("x" * 11)

    assert {"content": "x" * 10} == read_file(tmp_path, "a")
    with pytest.raises(Refused, match="'b' is larger than 10 bytes"):
        read_file(tmp_path, "b")


def test_a_long_listing_says_how_much_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is returned is the beginning in the order of names."""
    monkeypatch.setattr(files, "ENTRIES_LIMIT", 2)
    for name in "cab":
        (tmp_path / name).touch()

    assert {
        "entries": [{"path": "a", "type": "file"}, {"path": "b", "type": "file"}],
        "note": "names that were not looked at: 1",
    } == list_files(tmp_path, ".")


def test_a_listing_leaves_out_what_cannot_be_read(tmp_path: Path) -> None:
    """What is no file, and what lies outside, is not offered."""
    top = tmp_path / "top"
    (top / "a").mkdir(parents=True)
    (tmp_path / "secret").touch()
    os.mkfifo(top / "pipe")
    for name, target in (("to-pipe", "pipe"), ("out", "../secret"), ("up", ".."), ("lost", "b")):
        (top / name).symlink_to(target)

    assert {"entries": [{"path": "a", "type": "directory"}]} == list_files(top, "a/..")


def test_a_mark_at_the_beginning_of_a_file_is_no_text(tmp_path: Path) -> None:
    """Some editors write a byte order mark."""
    (tmp_path / "a").write_bytes("\ufeffone".encode())

    assert {"content": "one"} == read_file(tmp_path, "a")


def test_a_name_that_cannot_be_written_down_is_counted(tmp_path: Path) -> None:
    """A result is text; a name of other bytes could not be asked for."""
    try:
        (tmp_path / os.fsdecode(b"\xff")).touch()
    except OSError:
        pytest.skip("this file system takes no such name")

    assert {"entries": [], "note": "entries whose names are not UTF-8: 1"} == list_files(
        tmp_path, ""
    )
