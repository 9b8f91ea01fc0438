"""What a page shows, against what a command really printed.

`…` stands for anything within a line, alone on a line for any number of lines. Times, digests,
tokens and costs may differ from run to run, and so may how far a line of progress has come, whose
turn it reports and what that took; a run's id must be the same one wherever it appears. Nothing is
run in here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["RUN_ID", "Ids", "pattern"]

RUN_ID = re.compile(r"deb-\d{8}-\d{6}-[a-z0-9]{4}")

Ids = dict[str, str]
"""The ids of runs, as the page writes them and as they really are."""

_VARYING = {
    "run": RUN_ID.pattern,
    "any": "…",
    "moment": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)",
    "time": r"\d\d:\d\d:\d\d",
    "digest": r"[0-9a-f]{32,}",
    "seconds": r"\d+\.\d s\b",
    "tokens": r"\d+ ?\+ ?\d+ +tokens|\d+ tokens",
    "cost": r"\$\d+\.\d{4}",
    "process": r"\S+:\d+:\d+#\d+",
}
_TOKENS = re.compile("|".join(f"(?P<{kind}>{form})" for kind, form in _VARYING.items()))
_PROGRESS = re.compile(r"\[ *\d+/\d+\] ")
_COUNT = re.compile(r"^\\\[(?:\\ )*\d+/")
_TOOK = re.compile(r"(?: \((?:\d+\.\d s|\d+\+\d+ tokens|\$\d+\.\d{4}|, )+\))?$")
_SPEAKER = re.compile(r"agent\\-\w+")


def pattern(lines: Sequence[str], ids: Ids) -> re.Pattern[str]:
    """What matches an output that a page shows as `lines`; its group `run_…` is the real id of a
    run that `ids` does not know yet.
    """
    met: set[str] = set()
    written = [
        r"(?:.*\n)*?" if line.strip() in ("…", "^C", "Killed") else _line(line, ids, met)
        for line in lines
    ]
    return re.compile("".join(written))


def _line(line: str, ids: Ids, met: set[str]) -> str:
    progress = _PROGRESS.match(line) is not None
    took = _TOOK.pattern.removesuffix("$") if progress else ""
    line = _TOOK.sub("", line) if progress else line
    parts: list[str] = []
    end = 0
    for token in _TOKENS.finditer(line):
        parts.append(re.escape(line[end : token.start()]))
        parts.append(_token(token, ids, met))
        end = token.end()
    parts.append(re.escape(line[end:]))
    if progress:
        parts = [_SPEAKER.sub(r"agent-\\w+", part) for part in parts]
        parts[0] = _COUNT.sub(r"\\[ *\\d+/", parts[0])
    return "".join((*parts, took, r" *\n"))


def _token(token: re.Match[str], ids: Ids, met: set[str]) -> str:
    kind = str(token.lastgroup)
    if kind == "any":
        return ".*?"
    if kind != "run":
        return f"(?:{_VARYING[kind]})"
    shown = token[0]
    if shown in ids:
        return re.escape(ids[shown])
    name = "run_" + shown.replace("-", "_")
    if shown in met:
        return f"(?P={name})"
    met.add(shown)
    return f"(?P<{name}>{RUN_ID.pattern})"
