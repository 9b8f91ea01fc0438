"""Records the golden logs of this version: `python tests/golden/record.py 0.1`.

A log that is there is never written again. What the runs are like is said here; what they must
hold is said in the tests.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dialectic_actors import Store, debate
from dialectic_actors.api.runs import continue_run
from dialectic_events.envelope import Envelope

HERE = Path(__file__).parent
PROBLEM = "Design a rate limiter"
ROLES = ("architect", "security", "kiss")
SCRIPT = "script.json"


def configured(tools: Sequence[str] = (), **debate: object) -> None:
    """Write the configuration of a debate whose voices are scripted; its agents have `tools`."""
    voice: dict[str, object] = {"provider": "scripted", "model": SCRIPT}
    if tools:
        voice["tools"] = [{"name": name} for name in tools]
    agents = [{"id": role, "name": role.title(), "role": role, **voice} for role in ROLES]
    judge = {"id": "judge", "name": "Judge", "role": "judge", **voice}
    content = {"agents": agents, "judge": judge, "debate": debate}
    Path("debate-config.json").write_text(json.dumps(content), encoding="utf-8")


def scripted(answers: dict[str, Any], latency_ms: float = 0) -> None:
    """Write what the voices say; where nothing is said, they agree."""
    content = {"answers": answers, "default": "A token bucket.", "latency_ms": latency_ms}
    Path(SCRIPT).write_text(json.dumps(content), encoding="utf-8")


def own() -> None:
    """Three agents, two rounds, each shown its own history: rehearsed, with the real prompts."""
    debate(PROBLEM, agents=ROLES, rounds=2, offline=True)


def everyone() -> None:
    """Two rounds in which everybody is shown everything."""
    configured(rounds=2, history="everyone")
    scripted({})
    debate(PROBLEM)


def troubled() -> None:
    """Calls are retried and given up, answers miss their contract, turns fail and are skipped."""
    configured(rounds=2, limits={"attempts": 2, "backoff_s": 0.001})
    scripted(
        {
            "r1/proposal/architect": [{"error": "server"}, "A leaky bucket."],
            "r1/critique/security>architect": {"error": "rate-limited", "retry_after_s": 0.001},
            "r1/critique/kiss>architect": ["…", "Too many parts."],
            "r1/refinement/kiss": "…",
            "r2/proposal/kiss": {"error": "bad-request"},
            "r2/critique/architect>security": {"error": "context-length"},
        }
    )
    debate(PROBLEM)


def rested() -> None:
    """Interrupted with calls under way, taken up, stopped by a refused key, taken up again."""
    configured(rounds=1)
    scripted({}, latency_ms=200)
    interrupted = [True]

    def listen(envelope: Envelope) -> None:
        if envelope.header.version == 3 and interrupted:
            raise KeyboardInterrupt(interrupted.pop())

    debate(PROBLEM, listen=listen)
    with Store(must_exist=True) as store:
        scripted({"r1/refinement/security": {"error": "auth"}})
        continue_run(store, "@")
        scripted({})
        continue_run(store, "@")


def failed() -> None:
    """The judge's answer is refused, so there is no conclusion."""
    configured(rounds=1)
    scripted({"judge": {"error": "filtered"}})
    debate(PROBLEM, agents=["kiss"])


def framed() -> None:
    """Questions and answers, tools, summaries, a decision to go on and one to stop."""
    configured(
        tools=("list_files",),
        rounds=3,
        summarization={"enabled": True, "threshold": 100, "maxLength": 60},
        terminationCondition={"type": "quality", "threshold": 80},
        clarificationsMaxIterations=2,
    )
    Path("context").mkdir()
    Path("context", "notes.md").write_text("Ten thousand a second.\n", encoding="utf-8")
    asked = {"json": {"questions": ["How many a second?", "On how many machines?"]}}
    nothing: dict[str, object] = {"json": {"questions": []}}
    scripted(
        {
            "c1/question/architect": asked,
            "question": nothing,
            "r1/proposal/security": [{"tools": [{"name": "list_files"}]}, "A leaky bucket."],
            "summary": "A bucket, so far.",
            "r1/assessment/judge": {"json": {"score": 40, "reason": "Much is open."}},
            "assessment": {"json": {"score": 90, "reason": "Little is open."}},
            "synthesis": {
                "json": {
                    "solutionMarkdown": "A bucket.",
                    "tradeoffs": ["It loses bursts."],
                    "confidence": 70,
                    "dissent": [
                        {
                            "objection": "It loses bursts.",
                            "restsOn": "mark of r2/refinement/kiss",
                            "blocks": False,
                        }
                    ],
                }
            },
        }
    )
    debate(PROBLEM, context="context", clarify=True, answers=["Ten thousand.", ""])


def voted() -> None:
    """The agents rank what the others refined."""
    configured(rounds=1, synthesisMethod="voting")
    scripted(
        {f"refinement/{role}": f"The bucket of {role}." for role in ROLES}
        | {
            f"ballot/{voter}": {
                "json": {"ranking": [f"mark of r1/refinement/{first}"], "reason": "It is small."}
            }
            for voter, first in zip(ROLES, (*ROLES[1:], ROLES[0]), strict=True)
        }
    )
    debate(PROBLEM)


def late() -> None:
    """A call takes longer than its round may."""
    configured(rounds=1, limits={"round_deadline_s": 0.5})
    scripted({"proposal/kiss": {"text": "Too late.", "latency_ms": 60_000}})
    debate(PROBLEM)


RUNS: tuple[Callable[[], None], ...] = (
    own,
    everyone,
    troubled,
    rested,
    failed,
    framed,
    voted,
    late,
)


def record(run: Callable[[], None]) -> bytes:
    """The exported log of one run, made in a directory of its own."""
    with TemporaryDirectory() as folder, chdir(folder):
        run()
        with Store(must_exist=True) as store:
            return b"".join(store.export())


def main(version: str) -> Iterator[Path]:
    """Record what is not there yet."""
    for run in RUNS:
        path = HERE / f"{version}-{run.__name__}.jsonl"
        if not path.exists():
            path.write_bytes(record(run))
            yield path


if __name__ == "__main__":
    for path in main(sys.argv[1]):
        sys.stdout.write(f"{path.name}\n")
