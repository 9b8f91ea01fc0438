"""Planted bugs in what frames and supports a debate: questions, summaries, decisions to stop,
policies, deadlines, verdicts, tools.
"""

from __future__ import annotations

from simulation.planting import Mutant

__all__ = ["FEATURES"]

_AGENDA = "dialectic_actors.core.agenda:Agenda"
_ASKING = "dialectic_actors.core.asking"
_COMPUTED = "dialectic_actors.core.computed"
_CONCLUSIONS = "dialectic_actors.core.conclusions"
_DECIDE = "dialectic_actors.core.decide"
_FAILING = "dialectic_actors.core.failing"
_FRAMING = "dialectic_actors.core.protocols.framing"
_RETRY = "dialectic_actors.core.retry"
_ROUNDS = "dialectic_actors.core.protocols.debate"

FEATURES: tuple[Mutant, ...] = (
    Mutant(
        "blank-answer-kept",
        "What a person leaves blank stays blank.",
        f"{_COMPUTED}:answered",
        'answer.strip() or "NA"',
        "answer.strip()",
    ),
    Mutant(
        "answered-without-question",
        "A person is asked to answer an agent that had no question.",
        f"{_COMPUTED}:_needless",
        "isinstance(asked, QuestionAsked) and not asked.questions",
        "False",
    ),
    Mutant(
        "asked-again-for-nothing",
        "There is another pass of questions although nobody had one.",
        f"{_FRAMING}:clarifications",
        "not any(_asks(results, question) for question in asked)",
        "not [_asks(results, question) for question in asked]",
    ),
    Mutant(
        "answers-soon-forgotten",
        "A person's answers are shown in the first round only.",
        f"{_COMPUTED}:resolved",
        "made = [other for other in turn.sees if run.made(other) is not None]",
        """made = [other for other in turn.sees if run.made(other) is not None and not (
            turn.round > 1 and run.results[other].turn.kind == "answer")]""",
    ),
    Mutant(
        "person-hurried",
        "The deadline of the first round begins when the first question is asked.",
        "dialectic_actors.core.agenda:timed",
        'turn.kind in ("question", "answer", "stop")',
        'turn.kind == "stop"',
    ),
    Mutant(
        "rests-while-others-work",
        "The run comes to rest as soon as nobody answers, whoever else is at work.",
        f"{_DECIDE}:_decided",
        "not set(left) <= set(turns)",
        "not set(left) & set(turns)",
    ),
    Mutant(
        "shown-beside-its-summary",
        "An agent is shown a summary beside all that it condenses.",
        f"{_COMPUTED}:resolved",
        "sees=(turn.summary, *left), recalls=(), summary=None",
        "sees=(turn.summary, *left), summary=None",
    ),
    Mutant(
        "newer-than-summary-lost",
        "An agent is shown its summary, and nothing that is newer.",
        f"{_COMPUTED}:resolved",
        "(turn.summary, *left)",
        "(turn.summary,)",
    ),
    Mutant(
        "skipped-summary-counts",
        "A summary that was not needed takes the place of what it would have condensed.",
        f"{_COMPUTED}:resolved",
        'condensed.outcome == "made"',
        'condensed.outcome != "failed"',
    ),
    Mutant(
        "summary-threshold-missed",
        "What is exactly as long as the threshold is not condensed.",
        f"{_COMPUTED}:_short",
        "size >= terms.threshold",
        "size > terms.threshold",
    ),
    Mutant(
        "characters-for-tokens",
        "A threshold in tokens is compared with characters.",
        f"{_COMPUTED}:_short",
        "size = -(-size // CHARACTERS_PER_TOKEN)",
        "pass",
    ),
    Mutant(
        "stops-below-threshold",
        "The debate stops as soon as there is a value.",
        f"{_COMPUTED}:_stop",
        "value is not None and value >= rule.threshold",
        "value is not None",
    ),
    Mutant(
        "decided-after-the-end",
        "Whether to stop is asked after the last round as well.",
        f"{_ROUNDS}:turns",
        "round < stage.rounds:",
        "round <= stage.rounds:",
    ),
    Mutant(
        "quorum-off-by-one",
        "A round needs one agent more than its quorum.",
        f"{_FAILING}:_below_quorum",
        "left < stage.failure.quorum",
        "left <= stage.failure.quorum",
    ),
    Mutant(
        "goes-on-after-failure",
        "A debate that is to stop at a failure goes on.",
        f"{_FAILING}:broken_policy",
        'stage.failure.on_failure == "stop"',
        'stage.failure.on_failure == "never"',
    ),
    Mutant(
        "open-after-deadline",
        "The deadline of a round leaves the turns open that are under way.",
        f"{_DECIDE}:_late",
        "turn.id in run.results",
        "turn.id in run.turns",
    ),
    Mutant(
        "cools-too-soon",
        "A model is passed over after its first failure.",
        f"{_RETRY}:_cooling",
        "times >= COOLING_AFTER",
        "times > 0",
    ),
    Mutant(
        "fallback-before-repair",
        "What an unreadable answer says stands as the verdict before it was asked for again.",
        f"{_ASKING}:after_miss",
        "if repairs >= _opened(run).limits.repairs:",
        "if repairs >= _opened(run).limits.repairs or missed.fallback is not None:",
    ),
    Mutant(
        "dissent-of-nobody",
        "A dissent loses its author.",
        f"{_CONCLUSIONS}:_dissent",
        'author=shown.speaker if shown is not None else ""',
        'author=""',
    ),
    Mutant(
        "tools-beyond-the-limit",
        "Tools are offered once more than the run allows.",
        f"{_ASKING}:after_tools",
        "rounds >= agent.tool_call_limit",
        "rounds > agent.tool_call_limit",
    ),
    Mutant(
        "tools-for-everything",
        "Tools are offered for summaries and ballots as well.",
        f"{_ASKING}:first_request",
        "turn.kind in WITH_TOOLS and agent.tool_call_limit",
        "agent.tool_call_limit",
    ),
    Mutant(
        "tools-never-used",
        "An answer that asks for tools is taken for a contribution.",
        f"{_AGENDA}._end",
        "if ending.tools and call.requested.tools:",
        "if not ending:",
    ),
    Mutant(
        "tools-taken-for-repair",
        "The call that goes on with what the tools said is called a repair.",
        f"{_ASKING}:after_tools",
        'why="tools"',
        'why="contract"',
    ),
)
