"""The laws over logs: every run keeps them, and each law finds the logs that were broken for it.

Must not go in here: what the core decides (`core/test_laws`), what verification does.
"""

from __future__ import annotations

from random import Random
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dialectic_actors.core.agenda import Agenda
from dialectic_actors.core.commands import GiveUp
from dialectic_actors.core.decide import decide, fold
from dialectic_actors.testing import laws
from dialectic_actors.testing.driving import CALM, Plan, perform, play, shuffled
from dialectic_actors.testing.laws import tampering
from dialectic_actors.testing.stories import Told
from dialectic_actors.testing.strategies import logs, openings, plans
from dialectic_events.calls import CallAnswered, CallLost, CallRequested, Message
from dialectic_events.codec import Redacted
from dialectic_events.errors import DialecticError
from dialectic_events.parts import refer, rope
from dialectic_events.runs import History, RunOpened
from dialectic_events.stores.memory import MemoryStore
from dialectic_events.turns import CritiqueMade, ProposalMade
from dialectic_events.union import Event
from support.broken_logs import BROKEN, Breaking
from support.casts import opening_with_sources
from support.drive import opened
from support.edited_logs import (
    LOG,
    SHORT,
    TEXTS,
    at,
    envelopes_of,
    spoken,
    stored,
)
from support.runs import runs


@given(openings(max_agents=4, max_rounds=3), plans(), st.integers())
def test_every_run_keeps_the_laws(opening: RunOpened, plan: Plan, seed: int) -> None:
    """Whatever fails and whatever comes first, quick or deep."""
    log = play([opening], perform(plan), shuffled(seed))

    assert () == laws.broken(log)
    laws.check_all(log, deep=False)


@given(runs())
def test_giving_up_resting_and_crashing_keep_the_laws(log: list[Event]) -> None:
    """Whatever people and supervisors do on the way, wherever the log ends."""
    assert () == laws.broken(log)


@given(logs())
def test_a_log_that_is_cut_anywhere_keeps_the_laws(log: Told) -> None:
    """Even inside an append, where the core has not yet concluded what it will."""
    laws.check_all(log, texts=log.parts, cut=True)


@pytest.mark.parametrize(
    ("law", "breaking"),
    [
        pytest.param(law, each, id=f"{law}-{number}")
        for law, rows in BROKEN.items()
        for number, each in enumerate(rows)
    ],
)
def test_a_law_finds_the_log_that_breaks_it(
    law: str, breaking: Breaking, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each by its name, in a log that was broken by hand."""
    log = breaking(monkeypatch)

    assert law in {breach.law.name for breach in laws.broken(log, texts=TEXTS)}


def test_every_law_has_a_broken_log() -> None:
    """A law that nothing is known to break proves nothing."""
    assert set(laws.NAMES) == set(BROKEN)


@given(openings(max_agents=3, max_rounds=2), plans(), st.integers(), st.data())
def test_a_lost_event_is_missed(
    opening: RunOpened, plan: Plan, seed: int, data: st.DataObject
) -> None:
    """No event but a lost call can be taken out of a finished run without breaking a law."""
    log = play([opening], perform(plan), shuffled(seed))
    index = data.draw(
        st.sampled_from([i for i, event in enumerate(log) if not isinstance(event, CallLost)])
    )

    assert laws.broken([*log[:index], *log[index + 1 :]], deep=False)


@given(openings(max_agents=3, max_rounds=2), plans(), st.integers(), st.data())
def test_an_event_that_stands_twice_is_noticed(
    opening: RunOpened, plan: Plan, seed: int, data: st.DataObject
) -> None:
    """Wherever it stands the second time."""
    log = play([opening], perform(plan), shuffled(seed))
    again = data.draw(st.sampled_from(log))
    index = data.draw(st.integers(0, len(log)))

    assert laws.broken([*log[:index], again, *log[index:]], deep=False)


@given(openings(max_agents=3, max_rounds=2), plans(), st.randoms(use_true_random=False))
def test_any_mess_can_be_explained(opening: RunOpened, plan: Plan, random: Random) -> None:
    """A log in any disorder is judged and told; nothing is raised but the breach."""
    log = play([opening], perform(plan))
    mess = [random.choice(log) for _ in range(len(log))]

    assert laws.explain([*mess, log[0]]).count("\n") >= 1


@given(
    st.integers(1, 3),
    st.integers(1, 3),
    st.sampled_from(get_args(History)),
    plans(),
)
def test_real_requests_keep_the_laws_of_the_brief(
    agents: int, rounds: int, history: History, plan: Plan
) -> None:
    """Nothing leaks, nothing is lost, and every request renders again: with texts at hand, and out
    of a store, whose chain is verified on the way.
    """
    opening, texts = opening_with_sources(("a", "b", "c")[:agents], rounds, history=history)
    log = spoken(opening, texts, plan)

    assert () == laws.broken(log, texts=texts)
    laws.check_all(envelopes_of(log), texts=texts.__getitem__)
    laws.check_all(stored(log, texts))


def test_a_leak_behind_a_rope_is_found() -> None:
    """What an agent must not see is found in the history too, when texts can be looked up."""
    index = next(i for i, e in enumerate(LOG) if isinstance(e, CallRequested) and "r2" in e.turn)
    request = LOG[index]
    assert isinstance(request, CallRequested)
    unseen = LOG[at(LOG, CritiqueMade, "r1/critique/b>a")]
    assert isinstance(unseen, CritiqueMade)
    ref, text = rope((refer(unseen.text),))
    leak = replace(request, messages=(*request.messages, Message("user", (ref,))))
    log = [*LOG[:index], leak, *LOG[index + 1 :]]
    texts = {**TEXTS, ref: text}

    names = {breach.law.name for breach in laws.broken(log, texts=texts, deep=False)}

    assert {"brief-leaks-nothing"} == names


def test_a_breach_is_raised_with_its_law_and_version() -> None:
    """`check_all` raises the first in the order of the log, for people and for programs."""
    log = [*SHORT[:4], SHORT[3], *SHORT[4:]]

    with pytest.raises(laws.LawBroken) as broken:
        laws.check_all(log)

    assert ("one-ending", 5) == (broken.value.law.name, broken.value.version)
    assert "debate/r1/proposal/a#1 ends again" == broken.value.detail
    assert str(broken.value) == laws.explain(broken.value.breach) == laws.explain(broken.value)


def test_a_story_tells_the_chain_of_a_retry() -> None:
    """Only the events of the turn in question, from the first request to the one to blame."""
    log = BROKEN["within-limits"][0](pytest.MonkeyPatch())

    assert ONE_TOO_MANY == laws.explain(log)


def test_a_story_tells_what_leaked() -> None:
    """The contribution, and the request that shows it to somebody who is not to see it."""
    log = BROKEN["brief-leaks-nothing"][0](pytest.MonkeyPatch())

    assert LEAK == laws.explain(log, texts=TEXTS)


def test_a_sound_log_has_nothing_to_explain() -> None:
    """Neither has its story."""
    assert "every law holds" == laws.explain(SHORT)


def test_a_story_gives_no_orders_to_a_terminal() -> None:
    """What a model says is shown, never obeyed."""
    hostile = "\x1b[2J" + "x" * 500
    index = at(SHORT, CallAnswered)
    log = [*SHORT[: index + 1], replace(SHORT[index], text=hostile), *SHORT[index + 1 :]]

    told = laws.explain(log)

    assert "\\x1b[2Jxxx" in told
    assert "\x1b" not in told
    assert max(map(len, told.splitlines())) < 200


def test_a_law_of_ones_own_is_judged_with_the_others() -> None:
    """A function, a statement and the types that it judges."""

    @laws.law("no-quotes", 9, "Nobody quotes in a proposal.", ProposalMade)
    def no_quotes(seen: laws.Witness, event: ProposalMade) -> laws.Found | None:
        return laws.Found(f"{event.turn} quotes") if "«" in event.text else None

    log = play([opened(("a",), 1)], perform(CALM))

    (breach,) = laws.broken(log, laws=(*laws.LAWS, no_quotes))

    assert ("no-quotes", "debate/r1/proposal/a quotes") == (breach.law.name, breach.detail)


def test_a_store_of_several_runs_asks_which_one() -> None:
    """A store of one run needs no name."""
    with pytest.raises(DialecticError, match="say which one: stream="):
        laws.check_all(MemoryStore())


def test_a_log_that_cannot_be_read_is_refused() -> None:
    """A redacted event is neither kept nor broken."""
    log = envelopes_of(SHORT)

    with pytest.raises(DialecticError, match="was redacted"):
        laws.check_all([*log[:3], replace(log[3], event=Redacted("call-answered"))])


@given(openings(max_agents=3, max_rounds=2), plans(), st.integers(), st.integers(0))
def test_order_and_crashes_leave_the_same_facts(
    opening: RunOpened, plan: Plan, seed: int, cut: int
) -> None:
    """Laws 4 and 5 in one line."""
    log = play([opening], perform(plan), shuffled(seed))

    laws.same_facts(play([opening], perform(plan)), log)
    laws.same_facts(log, play(log[: 1 + cut % len(log)], perform(plan)))


def test_other_facts_are_reported() -> None:
    """What is missing and what is new, each where it stands; a repeated fact counts."""
    lacking = [*SHORT[:4], *SHORT[5:], SHORT[-1]]
    difference = laws.compare(SHORT, lacking)

    assert [(5, SHORT[4])] == list(difference.missing)
    assert [(23, SHORT[-1])] == list(difference.added)
    with pytest.raises(laws.LawBroken, match="1 facts are missing, 1 are new") as broken:
        laws.same_facts(SHORT, lacking)
    assert 23 == broken.value.version


@settings(max_examples=15)
@given(openings(max_agents=2, max_rounds=2, max_turns=12), plans(), st.integers())
def test_every_prefix_resumes(opening: RunOpened, plan: Plan, seed: int) -> None:
    """Law 6 over generated runs, with no cut left out."""
    log = play([opening], perform(plan), shuffled(seed))

    assert len(log) == laws.prefixes(log)


def test_prefixes_of_an_unfinished_or_given_up_run_resume() -> None:
    """Beyond what the log says, calls are answered calmly; a turn that was given up stays so."""
    given_up = decide(fold(SHORT[:8]), GiveUp("debate/r1/proposal/b", "nobody is left"))

    assert 8 == laws.prefixes(SHORT[:8])
    assert 8 + len(given_up) == laws.prefixes([*SHORT[:8], *given_up])
    assert 3 == laws.prefixes(SHORT[:8], lengths=(1, 4, 8))


def test_a_prefix_that_cannot_be_resumed_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that never ends, and one that forgets what it was told."""
    with pytest.raises(laws.LawBroken, match="goes on after 3 steps"):
        laws.prefixes(SHORT, most_steps=3)
    monkeypatch.setattr(Agenda, "_settle", lambda self, run, turn: None)
    with pytest.raises(laws.LawBroken, match="version 1:") as broken:
        laws.prefixes(SHORT)
    assert "every-prefix-resumes" == broken.value.law.name


def test_tampering_is_found() -> None:
    """Law 8 for a stored run: every event and every text, each changed in every way."""
    store = stored(LOG, TEXTS)

    assert len(LOG) * 9 < laws.tamper(store, "deb-1")
    laws.check_all(store)


def test_tampering_that_verification_misses_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A verification that believes everything."""
    monkeypatch.setattr(tampering, "verify_run", lambda store, stream: None)

    with pytest.raises(laws.LawBroken, match="a payload was changed, and verification finds noth"):
        laws.tamper(stored(SHORT, {}), "deb-1")


ONE_TOO_MANY = """\
within-limits (law 10): No model fails more often, and no answer is mended more often, than the \
run's limits allow.
broken at version 5: at most 1 calls of model-a fail for one turn
     2  call-requested   debate/r1/proposal/a#1 asks model-a
     4  call-failed      debate/r1/proposal/a#1 fails: server
>    5  call-requested   debate/r1/proposal/a#2 asks model-a because of server after 0.884 s
also broken: retries"""

LEAK = """\
brief-leaks-nothing (law 9): A request holds no contribution but those that its turn sees or \
recalls.
broken at version 8: debate/r1/critique/b>a#1 is shown debate/r1/proposal/b
     7  proposal-made    debate/r1/proposal/b from debate/r1/proposal/b#1: \
'«debate/r1/proposal/b#1»'
>    8  call-requested   debate/r1/critique/b>a#1 asks model-a and sees debate/r1/proposal/a
also broken: brief-renders-again"""
