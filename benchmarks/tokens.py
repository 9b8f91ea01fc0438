"""How many tokens a debate sends, beside the seed's prompts for the same shape and texts.

More is not worse here: ours shows everybody the problem and a history that can be read, the seed
leaves both out. The rows say what that costs.
"""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.cast import condensed, settings_of
from benchmarks.sent import Sent, sent_by_seed, sent_by_us
from benchmarks.table import Row, show
from dialectic_actors.settings import Settings
from dialectic_events.runs import Summarization

__all__ = ["rows"]

SHAPES = ((3, 1), (3, 2), (3, 3), (5, 3), (8, 5))
TAKEN_APART = 3, 2


def _row(name: str, ours: Sequence[float], seed: Sequence[float]) -> Row:
    return Row(name, sum(ours), None, sum(seed), None, "tokens")


def _whole(name: str, settings: Settings) -> Row:
    ours, seed = sent_by_us(settings)[0], sent_by_seed(settings)
    calls = f"{len(ours)} calls, the seed {len(seed)}"
    return _row(f"{name}: {calls}", [e.tokens for e in ours], [e.tokens for e in seed])


def _material(ours: Sequence[Sent], seed: Sequence[Sent]) -> list[Row]:
    name = "{} x {}, ".format(*TAKEN_APART)
    return [
        _row(f"{name}our words", [e.words for e in ours], [e.words for e in seed]),
        _row(f"{name}the problem", [e.problem for e in ours], [e.problem for e in seed]),
        _row(f"{name}texts it is about", [e.shown for e in ours], [e.shown for e in seed]),
        _row(f"{name}earlier rounds", [e.earlier for e in ours], [e.earlier for e in seed]),
    ]


def _kinds(ours: Sequence[Sent], seed: Sequence[Sent]) -> list[Row]:
    return [
        _row(
            "{} x {}, each {}".format(*TAKEN_APART, kind),
            [_mean(ours, kind)],
            [_mean(seed, kind)],
        )
        for kind in ("proposal", "critique", "refinement", "synthesis")
    ]


def _mean(sent: Sequence[Sent], kind: str) -> float:
    sizes = [each.tokens for each in sent if each.turn.kind == kind]
    return sum(sizes) / len(sizes)


def rows() -> list[Row]:
    """All that is sent, without summaries and with those of the default settings; then one debate
    taken apart by what is sent and by who is asked.
    """
    plain = [_whole("{} x {}".format(*shape), settings_of(*shape)) for shape in SHAPES]
    summarized = [
        _whole(
            "{} x {}, summaries".format(*shape),
            condensed(settings_of(*shape), "length-based", Summarization()),
        )
        for shape in SHAPES
    ]
    settings = settings_of(*TAKEN_APART)
    ours, seed = sent_by_us(settings)[0], sent_by_seed(settings)
    return [*plain, *summarized, *_material(ours, seed), *_kinds(ours, seed)]


if __name__ == "__main__":
    show(rows())
