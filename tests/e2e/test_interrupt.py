"""Stopping a debate politely: it rests, says how it goes on, and goes on."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from support.ledgers import facts, log_of, prompts, sent
from support.loopback import serving
from support.program import dialectic, started

PROBLEM = "Design a ledger that two regions must share"
OPTIONS = ("--seed", "7", "-a", "architect,kiss", "-r", "2")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_debate_says_how_to_go_on(number: signal.Signals, tmp_path: Path) -> None:
    """Exit 130, the last line is the command that resumes, the state is written, and resuming ends
    the run with the facts of an undisturbed one; answers on record are not asked for again.
    """
    whole = tmp_path / "whole"
    whole.mkdir()
    with serving(answers=3) as server:
        process = started(tmp_path, "debate", PROBLEM, *OPTIONS, url=server.url)
        while len(server.ledger.requests) < 4 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
        last = err.decode().splitlines()[-1]
        with log_of(tmp_path) as store:
            ref = store["@"].ref
        assert (130, b"", f"dialectic resume {ref}") == (process.returncode, out, last), err
        assert (tmp_path / "debates" / f"{ref}.json").is_file()

        server.release()
        ended = dialectic(tmp_path, *last.split()[1:], url=server.url)
        counts = sent(server.ledger)
        dialectic(whole, "debate", PROBLEM, *OPTIONS, url=server.url)

    assert 0 == ended.code, ended.err
    with log_of(tmp_path) as store, log_of(whole) as other:
        assert facts_but_cancelled(other) == facts_but_cancelled(store)
        assert all(1 <= counts[digest] <= 2 for digest in prompts(store, "@").values())
        assert [2, 2] >= sorted(counts.values())[-2:]


def facts_but_cancelled(store: object) -> set[str]:
    """What was said in a run, whichever attempt said it."""
    from dialectic_actors import Store

    assert isinstance(store, Store)
    return {fact for fact in facts(store.log("@")) if "-made" in fact or "run-concluded" in fact}
