"""Every value of a TOML file has its place, however it is written."""

import json
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.settings.documents import Steps
from dialectic_actors.settings.toml_text import toml_places

KEYS = st.text(st.sampled_from("abc-.= #[]'\"é\n"), min_size=1, max_size=4)
SCALARS = st.one_of(
    st.integers(-99, 99).map(str),
    st.sampled_from(["true", "1.5", "1979-05-27 07:32:00", "'x = 1 # ]'", '"""a\nb = 3\n"""']),
    st.text(max_size=6)
    .map(json.dumps)
    .filter(lambda text: "\\ud" not in text and "\x7f" not in text),
)


class Written:
    """A TOML text in the making, and where each value was put."""

    def __init__(self) -> None:
        self.text = ""
        self.places: dict[Steps, tuple[int, int]] = {}

    def put(self, text: str) -> None:
        """Write on."""
        self.text += text

    def mark(self, steps: Steps) -> None:
        """Remember that what is written next stands for `steps`."""
        column = len(self.text) - self.text.rfind("\n")
        self.places.setdefault(steps, (self.text.count("\n") + 1, column))


def quoted(key: str) -> str:
    """A key as TOML has it: bare where that is allowed."""
    bare = key.isascii() and all(char.isalnum() or char in "-_" for char in key)
    return key if bare else json.dumps(key)


@st.composite
def written(draw: st.DrawFn) -> Written:
    """A text with entries, tables, lists of tables, inline tables and lists over several lines."""
    out = Written()

    def value(steps: Steps, depth: int) -> None:
        out.mark(steps)
        kind = draw(st.sampled_from(["scalar", "list", "table"])) if depth < 3 else "scalar"
        if kind == "scalar":
            out.put(draw(SCALARS))
        elif kind == "list":
            out.put("[")
            for index in range(draw(st.integers(0, 3))):
                out.put(draw(st.sampled_from(["", "\n  ", " # [ {\n"])))
                value((*steps, index), depth + 1)
                out.put(draw(st.sampled_from([",", " ,\n"])))
            out.put("]")
        else:
            out.put("{")
            for index, key in enumerate(draw(st.lists(KEYS, max_size=2, unique=True))):
                out.put(", " if index else " ")
                entry((*steps, key), key, depth + 1)
            out.put("}")

    def entry(steps: Steps, key: str, depth: int) -> None:
        out.mark(steps)
        out.put(f"{quoted(key)} = ")
        value(steps, depth)

    def entries(table: Steps) -> None:
        for key in draw(st.lists(KEYS, max_size=3, unique=True)):
            entry((*table, key), key, 0)
            out.put(draw(st.sampled_from(["\n", " # = 1\n", "\r\n\n"])))

    entries(())
    for number in range(draw(st.integers(0, 2))):
        name = f"table{number}"
        out.mark((name,))
        out.put(f"[{name}]\n")
        entries((name,))
    for number in range(draw(st.integers(0, 2))):
        out.mark(("list",))
        out.mark(("list", number))
        out.put("[[list]]\n")
        entries(("list", number))
        out.mark(("list", number, "inner"))
        out.put("[ list . inner ]\n")
        entries(("list", number, "inner"))
    return out


@given(written())
def test_every_value_is_found_where_it_was_written(out: Written) -> None:
    """A member stands at its key, an item at its value, a table at its head."""
    try:
        tomllib.loads(out.text)
    except tomllib.TOMLDecodeError:
        return
    places = toml_places(out.text)
    assert out.places == {steps: place for steps, place in places.items() if steps}
