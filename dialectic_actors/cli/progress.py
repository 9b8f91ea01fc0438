"""A plain progress line per event, on stderr."""

from __future__ import annotations

from dialectic_actors.cli.terminal import say
from dialectic_actors.core.protocols import known_turns, protocol_of
from dialectic_events.calls import CallAnswered
from dialectic_events.envelope import Envelope
from dialectic_events.runs import RunOpened
from dialectic_events.turns import Contribution, TurnFailed, TurnSkipped
from dialectic_replay.timeline import Moment, Story

__all__ = ["Progress"]

_WORTH_SAYING_MS = 100


class Progress:
    """Says each event of a run once it is durable; those that others imply only when `verbose`."""

    def __init__(self, opened: RunOpened, ref: str, *, verbose: bool) -> None:
        self._verbose = verbose
        self._story = Story()
        self._answers: dict[str, CallAnswered] = {}
        self._settled = 0
        (stage,) = opened.stages
        turns, _ = known_turns(protocol_of(stage), stage, {})
        self._all = len(turns)
        calls = sum(turn.carries is None for turn in turns)
        models = sorted({f"{m.provider}/{m.name}" for agent in opened.agents for m in agent.route})
        agents, rounds = len(stage.agents), stage.rounds
        say(
            f"{ref}: {agents} agent{_s(agents)}, {rounds} round{_s(rounds)}, a judge; "
            f"{calls} calls on {', '.join(models)}"
        )

    def __call__(self, envelope: Envelope) -> None:
        """Hear an event and say it."""
        moment = self.recall(envelope)
        if moment.importance == "low" and not self._verbose:
            return
        width = len(str(self._all))
        title = moment.title + self._price(envelope)
        say(f"[{self._settled:>{width}}/{self._all}] {title}")

    def recall(self, envelope: Envelope) -> Moment:
        """Take an event in without saying it: those of a run that is taken up again."""
        event = envelope.event
        if isinstance(event, Contribution | TurnFailed | TurnSkipped):
            self._settled += 1
        if isinstance(event, CallAnswered):
            self._answers[event.call] = event
        return self._story.tell(envelope)

    def _price(self, envelope: Envelope) -> str:
        """What the answer behind a contribution took."""
        call = getattr(envelope.event, "call", None)
        answer = self._answers.get(call or "")
        if answer is None or not isinstance(envelope.event, Contribution | CallAnswered):
            return ""
        words = (
            [f"{answer.latency_ms / 1000:.1f} s"] if answer.latency_ms >= _WORTH_SAYING_MS else []
        )
        if answer.usage is not None:
            words.append(f"{answer.usage.input_tokens}+{answer.usage.output_tokens} tokens")
        if answer.cost_usd:
            words.append(f"${answer.cost_usd:.4f}")
        return f" ({', '.join(words)})" if words else ""


def _s(count: int) -> str:
    return "" if count == 1 else "s"
