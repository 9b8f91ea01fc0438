"""A provider that answers from a file, for demonstrations and tests of people's own configurations.

Which answer is given follows from the ask alone; nothing is counted here, so that a resumed run
hears the same again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from fnmatch import fnmatchcase
from json import dumps
from pathlib import Path
from typing import Any

import anyio
import msgspec
from msgspec import Struct

from dialectic_actors.actors.ports import Ask
from dialectic_actors.core.marks import mark_of, texts_of
from dialectic_actors.llm.failures import clean
from dialectic_events.calls import CallAnswered, CallFailed, Ending, ErrorClass, Usage
from dialectic_events.contents import ToolCall, write_content
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["Script", "Scripted", "Step", "Use", "read_script"]

_MARK_OF = "mark of "


class Use(Struct, frozen=True, forbid_unknown_fields=True):
    """A tool that an answer asks for. `arguments` are written as JSON; a text stays as it stands,
    JSON or not.
    """

    name: str
    arguments: Any = {}


class Step(Struct, frozen=True, forbid_unknown_fields=True):
    """One scripted ending: a `text`, the value that a typed answer holds (`json`), `tools` to be
    used first (with or without a text), or an `error` of the stored classes.

    What a model gets wrong is a `text` too: half a JSON object, or one in prose. Within `json`, a
    string `mark of TURN` stands for the mark under which that turn's text is shown.
    """

    text: str | None = None
    json: Any = msgspec.UNSET
    tools: tuple[Use, ...] = ()
    error: ErrorClass | None = None
    detail: str = "scripted failure"
    retry_after_s: float | None = None
    latency_ms: float | None = None
    usage: Usage | None = None
    cost_usd: float = 0.0

    def __post_init__(self) -> None:
        """Refuse what is more than one of these or none, and negative times."""
        words = (self.text is not None) + (self.json is not msgspec.UNSET)
        is_said = words == 1 or (bool(self.tools) and not words)
        if words > 1 or is_said == (self.error is not None):
            raise ValueError(
                "needs one of `text`, `json`, `tools`, `error` (tools also beside words)"
            )
        if min(self.retry_after_s or 0, self.latency_ms or 0, self.cost_usd) < 0:
            raise ValueError("times and costs are not negative")

    def ending(self, ask: Ask, model: str) -> Ending:
        """How the call ends by this step."""
        if self.json is msgspec.UNSET:
            text = clean(self.text or "")
        else:
            text = clean(dumps(_marked(self.json, ask), ensure_ascii=False, default=str))
        # Tools that are not offered are not heard of, as with models.
        calls = tuple(
            ToolCall(f"call-{_attempt(ask)}-{number}", use.name, _written(use.arguments))
            for number, use in enumerate(self.tools if ask.tools else (), 1)
        )
        if self.error is not None or not (text.strip() or calls):
            return CallFailed(
                call=ask.call,
                error=self.error or "empty",
                detail=clean(self.detail),
                retry_after_s=self.retry_after_s,
                usage=self.usage,
                cost_usd=self.cost_usd,
            )
        return CallAnswered(
            call=ask.call,
            text=text,
            model=model,
            usage=self.usage,
            cost_usd=self.cost_usd,
            finish="stop",
            tools=write_content(calls) if calls else "",
        )


def _attempt(ask: Ask) -> int:
    return int(ask.call.rpartition("#")[2] or 1)


def _written(value: object) -> str:
    return clean(value if isinstance(value, str) else dumps(value, ensure_ascii=False, default=str))


def _marked(value: Any, ask: Ask) -> Any:
    """A value with marks in place of the turns that it names. A run with one stage lets people
    leave the stage out.
    """
    match value:
        case dict():
            return {str(key): _marked(each, ask) for key, each in value.items()}
        case list():
            return [_marked(each, ask) for each in value]
        case str() if value.startswith(_MARK_OF):
            turn = value.removeprefix(_MARK_OF)
            named = (x for x in texts_of(ask.brief) if turn in (x.turn, x.turn.partition("/")[2]))
            shown = next(named, None)
            return value if shown is None else mark_of(shown.text)
        case _:
            return value


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
    found: Any = steps
    for number in (_attempt(ask),) if is_turn else (round_, _attempt(ask)):
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
    except RecursionError:
        raise _problem(path, "is not YAML or JSON: nested too deeply") from None
    # PyYAML stumbles over values that are not what they look like, or what their tag says.
    except (ValueError, LookupError, AttributeError, yaml.YAMLError) as error:
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


_FORM = "an answer is a text, {text: …}, {json: …}, {tools: …}, {error: …}, or a list of these"


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
        return step.ending(ask, ask.model)

    async def aclose(self) -> None:
        """Nothing is open."""
