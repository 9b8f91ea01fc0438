"""What the live display shows: a course as lines of styled words that fit a terminal of any size.

Pure: sizes, clocks and the tails of what is being said come in. No line is ever wider than asked
for, and every word from outside is harmless.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from math import ceil

from dialectic_actors.cli.course import Course, Group, Speaking
from dialectic_actors.cli.terminal import cut, one_line
from dialectic_events.turns import Turn

__all__ = ["Line", "picture", "width_of"]

Line = list[tuple[str, str]]
"""Words, each with the name of its style."""

_NARROW = 40
_WHO_MOST = 48
_TAIL_LEAST = 16
_ABBREVIATIONS = (None, 4, 1)
_PLURALS = {"synthesis": "synthesis", "summary": "summaries", "stop": "decision"}


def picture(
    course: Course,
    *,
    ref: str,
    now_s: float,
    since_s: float,
    width: int,
    height: int,
    tail: Callable[[str], str] = lambda call: "",
    held: Mapping[str, str] | None = None,
) -> list[Line]:
    """At most `height` lines of at most `width` columns.

    `tail` gives the last words of a call that is being answered, `held` why one is not sent yet.
    The first line is always there; who speaks comes before what was done, that before failures.
    """
    head = [_headline(course, ref, now_s - since_s, width)]
    room = height - len(head)
    speakers = _speakers(course, now_s, width, tail, held or {})
    people = [_person(course, turn.id, width) for turn in course.asked()]
    active = _fitted(people + speakers, room, width)
    room -= len(active)
    groups = _matrix(course, max(0, room), width)
    room -= len(groups)
    failures: list[Line] = [
        [("! ", "red"), (cut(one_line(each), max(0, width - 2)), "red")] for each in course.failures
    ]
    return [_clip(line, width) for line in head + groups + active + failures[: max(0, room)]]


def width_of(line: Line) -> int:
    """The columns that a line fills."""
    return _cells("".join(words for words, _ in line))


def _cells(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _headline(course: Course, ref: str, elapsed_s: float, width: int) -> Line:
    """As many figures as fit, those first that matter most."""
    fields: list[tuple[str, str]] = [(course.count, "bold"), (_time(elapsed_s), "cyan")]
    if course.cost_usd:
        more = "+" if course.unpriced else ""
        fields.append((f"${course.cost_usd:.4f}{more}", "yellow"))
    if course.input_tokens or course.output_tokens:
        tokens = f"{_amount(course.input_tokens)} in, {_amount(course.output_tokens)} out"
        fields.append((f"{tokens} tokens", "dim"))
    fields.append((one_line(ref), "dim"))
    line: Line = []
    for words, style in fields:
        gap = " · " if line else ""
        if line and width_of(line) + len(gap) + width_of([(words, "")]) > width:
            continue
        line += [(gap, "dim"), (words, style)] if gap else [(words, style)]
    return line


def _matrix(course: Course, room: int, width: int) -> list[Line]:
    """A line per round; where there is no room for all, those that are over go, then the last."""
    rows: list[tuple[Line, bool]] = []
    for (part, round), groups in groupby(
        course.groups.values(), key=lambda each: (each.part, each.round)
    ):
        cells = list(groups)
        over = all(each.settled == each.known for each in cells)
        rows.append((_row(part, round, cells, width), over))
    while len(rows) > room:
        rows.remove(next((row for row in rows if row[1]), rows[-1]))
    return [line for line, _ in rows]


def _row(part: str, round: int, cells: Sequence[Group], width: int) -> Line:
    """The counts of a round, their names as long as there is room for."""
    label = _label(part, round, width)
    line: Line = []
    for letters in _ABBREVIATIONS:
        gap = "" if letters == 1 else " "
        line = [(label, "dim")]
        for each in cells:
            name = _PLURALS.get(each.kind, each.kind)[:letters]
            style = "green" if each.settled == each.known else "bold" if each.settled else "dim"
            line.append((f" {gap}{name}{gap}{each.settled}/{each.known}", style))
        if width_of(line) <= width:
            break
    return line


def _label(part: str, round: int, width: int) -> str:
    if part == "questions":
        return f"c{round}" if width < _NARROW else f"questions {round}"
    if part == "rounds":
        return f"r{round}" if width < _NARROW else f"round {round}    "
    return "end" if width < _NARROW else "in the end "


def _speakers(
    course: Course,
    now_s: float,
    width: int,
    tail: Callable[[str], str],
    held: Mapping[str, str],
) -> list[Line]:
    """A line for everybody who is asked now, who has been so longest first."""
    order = sorted(course.speaking.values(), key=lambda each: each.since_s)
    most = min(_WHO_MOST, width // 2) if width >= _NARROW else max(0, width - 9)
    names = [cut(_who(course, each.turn), most) for each in order]
    widest = max(map(_cells, names), default=0)
    return [
        _speaking(
            each,
            who + " " * (widest - _cells(who)),
            now_s,
            width,
            _reason(each, now_s, held),
            tail(each.call),
        )
        for each, who in zip(order, names, strict=True)
    ]


def _who(course: Course, turn: Turn) -> str:
    target = course.speaker_of(turn.target) if turn.kind == "critique" else None
    return one_line(turn.speaker if target is None else f"{turn.speaker} → {target}")


def _speaking(each: Speaking, who: str, now_s: float, width: int, reason: str, said: str) -> Line:
    """Who speaks, since when or why not yet, and the last of what was said."""
    turn = each.turn
    line: Line = [("▸ ", "cyan"), (who, "bold")]
    if width >= _NARROW:
        line.append((f" {turn.kind}", ""))
        line.append((f" r{turn.round}" if turn.round else "", "dim"))
    if reason:
        return [*line, (f"  {reason}", "yellow")]
    line.append((f"  {_time(now_s - each.since_s)}", "dim"))
    left = width - width_of(line) - 2
    return [*line, (f"  {_end_of(said, left)}", "dim")] if said and left >= _TAIL_LEAST else line


def _reason(each: Speaking, now_s: float, held: Mapping[str, str]) -> str:
    if each.tools:
        return f"uses {one_line(', '.join(each.tools))}"
    if now_s < each.ready_s:
        return f"waits {ceil(each.ready_s - now_s)} s: {one_line(each.why)}"
    if each.call in held:
        return one_line(held[each.call])
    return ""


def _person(course: Course, turn: str, width: int) -> Line:
    known = course.known[turn]
    asker = course.speaker_of(known.target) or "an agent"
    words = f"waits for {one_line(known.speaker)}: {one_line(asker)} asks"
    return [("? ", "magenta"), (cut(words, max(0, width - 2)), "magenta")]


def _fitted(lines: list[Line], room: int, width: int) -> list[Line]:
    """The first lines, and how many more there are when there is no room for all."""
    if len(lines) <= room:
        return lines
    if room <= 0:
        return []
    return [*lines[: room - 1], [(cut(f"  and {len(lines) - room + 1} more", width), "dim")]]


def _clip(line: Line, width: int) -> Line:
    """The line without what is beyond its width."""
    clipped: Line = []
    left = width
    for words, style in line:
        if left <= 0:
            break
        fitting = (cut(words, left), style)
        left -= width_of([fitting])
        clipped.append(fitting)
    return clipped


def _end_of(words: str, width: int) -> str:
    """The end of what was said, as far as it fits."""
    line = one_line(words[-width:])
    if line.isascii():
        return line
    from rich.cells import cell_len

    used = 0
    for index in range(len(line) - 1, -1, -1):
        used += cell_len(line[index])
        if used > width:
            return line[index + 1 :]
    return line


def _time(seconds: float) -> str:
    whole = max(0, int(seconds))
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02}"
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _amount(number: int) -> str:
    if number < 10_000:
        return f"{number}"
    return f"{number / 1000:.1f}k" if number < 1_000_000 else f"{number / 1e6:.2f}M"
