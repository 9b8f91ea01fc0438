"""Many debates in one process, through the library."""

from __future__ import annotations

from pathlib import Path

from dialectic_actors import Store, debates
from support.loopback import serving

COUNT = 100
CALLS = 8


def test_a_hundred_debates_share_one_pool(tmp_path: Path) -> None:
    """Every debate is concluded, every call is made once, and connections are used again."""
    with serving(latency_ms=5.0) as server:
        outcomes = debates(
            [f"Design cache number {number}" for number in range(COUNT)],
            agents=["architect,kiss"],
            rounds=1,
            cwd=tmp_path,
            env={"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": server.url},
        )
        ledger = server.ledger

    assert {"concluded"} == {outcome.status for outcome in outcomes}
    assert COUNT == len({outcome.ref for outcome in outcomes})
    assert COUNT * CALLS == len(ledger.requests) == sum(outcome.calls for outcome in outcomes)
    assert ledger.connections <= COUNT * CALLS // 2
    with Store(cwd=tmp_path, env={}) as store:
        assert COUNT == len(list(store.verify()))
