"""The shapes of a debate, on the real command: how many calls, and what they are shown."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from dialectic_events.turns import BallotCast, StopDecided, SummaryMade, SynthesisMade
from dialectic_replay.run import Run
from support.ledgers import asked, log_of
from support.loopback import Fault, serving
from support.program import Ended, dialectic

PROBLEM = "Design a cache that must survive a restart"
JUDGE = "judge-main"


class Debated(Struct):
    """What the command did, the run that it left, its prompts by call, and the models that the
    server was asked for.
    """

    ended: Ended
    run: Run
    prompts: dict[str, str]
    models: list[str]

    @property
    def kinds(self) -> Counter[str]:
        """How many calls were made for each kind of turn."""
        return Counter(self.run.turns[call.requested.turn].kind for call in self.run.calls.values())


def debate(
    cwd: Path, *options: str, faults: tuple[Fault, ...] = (), file: Any = None, **settings: Any
) -> Debated:
    """A debate of the command under these `settings` of `debate`, or under a whole `file`."""
    document = {"debate": settings} if file is None else file
    cwd.mkdir(exist_ok=True)
    (cwd / "debate-config.json").write_text(json.dumps(document), encoding="utf-8")
    with serving(faults=faults) as server:
        ended = dialectic(cwd, "debate", PROBLEM, *options, url=server.url)
        models = [entry.model for entry in server.ledger.requests]
    with log_of(cwd) as store:
        return Debated(ended, store["@"].run, asked(store, "@"), models)


def test_three_agents_and_two_rounds_are_twenty_two_calls(tmp_path: Path) -> None:
    """N proposals, in each round N(N-1) critiques and N refinements; the judge concludes."""
    found = debate(tmp_path, rounds=2, summarization={"enabled": False})

    assert 0 == found.ended.code, found.ended.err
    assert {"proposal": 3, "critique": 12, "refinement": 6, "synthesis": 1} == found.kinds
    assert 22 == len(found.models)


def test_what_has_grown_long_is_condensed_for_its_reader(tmp_path: Path) -> None:
    """By default: each agent's own past before its second round, and the judge's; all are used."""
    found = debate(tmp_path, rounds=2)

    assert 0 == found.ended.code, found.ended.err
    assert 4 == found.kinds["summary"]
    assert 22 + 4 == len(found.models)
    readers = {
        "agent-architect": "debate/r2/refinement/agent-architect#1",
        "agent-performance": "debate/r2/refinement/agent-performance#1",
        "agent-kiss": "debate/r2/refinement/agent-kiss#1",
        JUDGE: f"debate/synthesis/{JUDGE}#1",
    }
    for result in found.run.results.values():
        if isinstance(result.event, SummaryMade):
            shown_to = [who for who, call in readers.items() if result.text in found.prompts[call]]
            assert [result.turn.speaker] == shown_to


def test_who_has_no_refinement_to_carry_over_proposes_again(tmp_path: Path) -> None:
    """A turn that failed costs that turn: the debate is concluded, and says that it is partial."""
    fault = Fault(status=400, contains="Your task: refine", times=1)
    found = debate(tmp_path, rounds=2, faults=(fault,))

    (failed,) = (r.turn for r in found.run.results.values() if r.outcome == "failed")
    assert (1, "partial", "refinement") == (found.ended.code, found.run.status, failed.kind)
    assert f"debate/r2/proposal/{failed.speaker}#1" in found.run.calls
    assert 3 + 1 == found.kinds["proposal"]


def test_a_debate_ends_early_when_the_judge_finds_it_good_enough(tmp_path: Path) -> None:
    """The loopback server's judge says 62: enough for 0.6, not for 90; nothing is asked last."""
    rule = {"type": "quality", "threshold": 0.6}
    early = debate(tmp_path / "early", rounds=3, terminationCondition=rule)
    late = debate(tmp_path / "late", rounds=3, terminationCondition=rule | {"threshold": 90})

    decided = [
        [e.stop for e in (r.event for r in each.run.results.values()) if isinstance(e, StopDecided)]
        for each in (early, late)
    ]
    assert [[True], [False, False]] == decided
    assert [1, 2] == [each.kinds["assessment"] for each in (early, late)]
    assert [6, 18] == [each.kinds["critique"] for each in (early, late)]


def test_agents_elect_one_of_their_refinements(tmp_path: Path) -> None:
    """Each casts a ballot for others; no judge is called, and the standings say how it came."""
    found = debate(tmp_path, rounds=1, synthesisMethod="voting")

    assert 0 == found.ended.code, found.ended.err
    assert (3, 0) == (found.kinds["ballot"], found.kinds["synthesis"])
    for result in found.run.results.values():
        if isinstance(result.event, BallotCast):
            assert 2 == len(result.event.ranking)
            own = f"debate/r1/refinement/{result.turn.speaker}"
            assert own not in result.event.ranking
    (made,) = (r.event for r in found.run.results.values() if isinstance(r.event, SynthesisMade))
    assert 3 == len(made.standings)
    winner = found.run.results[made.standings[0].turn]
    assert winner.text in found.ended.out


def test_a_judge_merges_section_by_section(tmp_path: Path) -> None:
    """Each section names whose it is, though the judge was not told."""
    found = debate(tmp_path, rounds=1, synthesisMethod="merge")

    assert 0 == found.ended.code, found.ended.err
    assert "## Design" in found.ended.out
    assert "agent-" in found.ended.out
    assert "agent-" not in found.prompts[f"debate/synthesis/{JUDGE}#1"]


@pytest.mark.parametrize("status", [429, 500])
def test_a_model_that_cannot_answer_is_replaced_by_the_next(status: int, tmp_path: Path) -> None:
    """At once when it is limited, else when its attempts are spent; the run is complete."""
    agents = [
        {"id": name, "name": name, "role": role, "models": ["openai/first", "openai/second"]}
        for name, role in (("ada", "architect"), ("kit", "kiss"))
    ]
    limits = {"attempts": 2, "backoff_s": 0.01}
    file = {
        "agents": agents,
        "judge": {"provider": "openai", "model": "third"},
        "debate": {"rounds": 1, "limits": limits},
    }
    fault = Fault(status=status, contains='"first"', times=None)
    found = debate(tmp_path, file=file, faults=(fault,))

    assert (0, "concluded") == (found.ended.code, found.run.status), found.ended.err
    asked_first = Counter(
        call.requested.turn for call in found.run.calls.values() if call.requested.model == "first"
    )
    assert {1 if status == 429 else 2} == set(asked_first.values())
    assert {"first", "second", "third"} == set(found.models)


def test_too_few_agents_end_the_debate(tmp_path: Path) -> None:
    """With a quorum, a round that too few have a position in is the last, and it says who is
    missing.
    """
    agents = [
        {"id": name, "name": name, "role": role, "provider": "openai", "model": f"m-{name}"}
        for name, role in (("ada", "architect"), ("kit", "kiss"))
    ]
    file = {"agents": agents, "debate": {"rounds": 2, "failure": {"quorum": 2}}}
    fault = Fault(status=400, contains='"m-kit"', times=None)
    found = debate(tmp_path, file=file, faults=(fault,))

    assert (1, "failed") == (found.ended.code, found.run.status)
    assert "missing: kit" in found.ended.err
    assert 0 == found.kinds["synthesis"]
