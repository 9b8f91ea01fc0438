"""A provider that answers from a file, for demonstrations and tests of people's own configurations.

Which answer is given follows from the ask alone; nothing is counted here, so that a resumed run
hears the same again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import anyio
import msgspec
from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.llm.failures import clean
from dialectic_events.calls import CallAnswered, CallFailed, Ending, ErrorClass, Usage
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["Script", "Scripted", "Step", "read_script"]


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """One scripted ending: a `text`, or an `error` of the stored classes."""

    text: str | None = None
    error: ErrorClass | None = None
    detail: str = "scripted failure"
    retry_after_s: float | None = None
    latency_ms: float | None = None
    usage: Usage | None = None
    cost_usd: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is both or neither, and negative times."""
        if (self.text is None) == (self.error is None):
            raise ValueError("needs either `text` or `error`")
        if min(self.retry_after_s or 0, self.latency_ms or 0, self.cost_usd) < 0:
            raise ValueError("times and costs are not negative")


_Steps = str | Step | list[str | Step | list[str | Step]]


class Script(Struct, frozen=True, forbid_unknown_fields=True):
    """What a script file says.

    A key of `answers` is a turn id, `kind/speaker`, a glob over either, a speaker or a kind; the
    first of these that fits is used, else `default`. Under a turn id a list is one step per
    attempt; elsewhere it is one per round, each of which may itself be a list of attempts. The last
    of a list stays.
    """

    answers: Mapping[str, _Steps] = {}
    default: _Steps | None = None
    latency_ms: float = 0.0

    def step(self, ask: Ask) -> Step | None:
        """The step for this very call; None when the script has nothing to say."""
        turn = ask.brief.turn
        for is_turn, key in _keys(self.answers, ask):
            return _pick(self.answers[key], ask, 0 if is_turn else turn.round, is_turn)
        return None if self.default is None else _pick(self.default, ask, turn.round, False)


def _keys(answers: Mapping[str, object], ask: Ask) -> Iterator[tuple[bool, str]]:
    """The keys that fit, best first, and whether each is a turn id."""
    turn = ask.brief.turn
    pair = f"{turn.kind}/{turn.speaker}"
    # A run with one stage lets people leave the stage out.
    short = turn.id.partition("/")[2]
    for key in (turn.id, short):
        if key in answers and key != pair:
            yield True, key
    if pair in answers:
        yield False, pair
    for key in answers:
        if any(sign in key for sign in "*?[") and any(
            fnmatchcase(name, key) for name in (pair, turn.id, short)
        ):
            yield False, key
    for key in (turn.speaker, turn.kind):
        if key in answers:
            yield False, key


def _pick(steps: _Steps, ask: Ask, round_: int, is_turn: bool) -> Step | None:
    attempt = int(ask.call.rpartition("#")[2] or 1)
    found: Any = steps
    for number in (attempt,) if is_turn else (round_, attempt):
        if isinstance(found, list):
            found = found[min(max(number, 1), len(found)) - 1] if found else None
    return Step(text=found) if isinstance(found, str) else found


def read_script(path: Path) -> Script:
    """The script in a YAML or JSON file. Raises DialecticError (exit 4) that names the file and the
    field.
    """
    import yaml

    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except OSError as error:
        raise _problem(
            path, f"cannot be read: {error.strerror}", fix="check the path after scripted/"
        ) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise _problem(path, f"is not YAML or JSON: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict) or not raw:
        raise _problem(path, "holds no `answers` and no `default`")
    answers = raw.get("answers", {})
    if not isinstance(answers, dict):
        raise _problem(path, "`answers` maps turns, speakers or kinds to texts")
    steps = {
        str(key): _convert(path, f"answers.{key}", value, _Steps) for key, value in answers.items()
    }
    rest: Script = _convert(path, "", {**raw, "answers": {}}, Script)
    return msgspec.structs.replace(rest, answers=steps)


def _convert(path: Path, field: str, value: object, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise _problem(path, str(error), field) from error


_FORM = "an answer is a text, {text: …}, {error: …}, or a list of these"


def _problem(path: Path, what: str, field: str = "", fix: str = _FORM) -> DialecticError:
    where = f"{path}: {field}" if field else str(path)
    return DialecticError(f"script {what}", where=where, fix=fix, exit_code=ExitCode.CONFIGURATION)


class Scripted:
    """Scripts by the path that a model names (`scripted/PATH`)."""

    concurrency: int | None = None

    def __init__(self, models: Collection[str]) -> None:
        """Read the scripts of `models`. Raises DialecticError (exit 4) for one that is missing or
        wrong.
        """
        self._scripts = {model: read_script(Path(model)) for model in models}

    async def complete(self, ask: Ask) -> Ending:
        """The scripted ending, after the scripted time."""
        script = self._scripts.get(ask.model)
        step = None if script is None else script.step(ask)
        if script is None or step is None:
            detail = f"the script {ask.model} has no answer for turn {ask.brief.turn.id}"
            return CallFailed(call=ask.call, error="bad-request", detail=clean(detail))
        latency_ms = script.latency_ms if step.latency_ms is None else step.latency_ms
        if latency_ms:
            await anyio.sleep(latency_ms / 1000)
        text = clean(step.text or "")
        if step.error is not None or not text.strip():
            return CallFailed(
                call=ask.call,
                error=step.error or "empty",
                detail=clean(step.detail),
                retry_after_s=step.retry_after_s,
                usage=step.usage,
                cost_usd=step.cost_usd,
            )
        return CallAnswered(
            call=ask.call,
            text=text,
            model=ask.model,
            usage=step.usage,
            cost_usd=step.cost_usd,
            finish="stop",
        )

    async def aclose(self) -> None:
        """Nothing is open."""
