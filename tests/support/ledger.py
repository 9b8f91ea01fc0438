"""What a loopback server is told to do, and the ledger of what it saw.

Nothing of the product may be imported here: the ledger is the witness of what was sent.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

__all__ = ["Dialect", "Entry", "Fault", "Kind", "Ledger", "Options"]

Dialect = Literal["both", "chat", "responses"]
Kind = Literal[
    "status",
    "error-200",
    "empty",
    "malformed",
    "foreign",
    "hang",
    "reset",
    "surrogate",
    "huge",
    "cut",
    "unended",
    "error-inside",
    "unclosed",
]


class Fault(Struct, frozen=True, kw_only=True):
    """What goes wrong with the requests that match. `times` is how often, None for always.

    `path` and `contains` restrict it to requests whose path or body contains them. `status`,
    `headers` and `body` serve the kinds "status" and "error-200". The last four kinds are of
    streams: the connection is cut in the middle, the end mark is missing, an error (`body`, a JSON
    object) comes in the middle, the answer is whole but never closed.
    """

    kind: Kind = "status"
    status: int = 500
    body: str | None = None
    headers: dict[str, str] = {}
    times: int | None = 1
    path: str = ""
    contains: str = ""


class Options(Struct, frozen=True, kw_only=True):
    """How a server behaves.

    Latency is fixed, or log-normal around `latency_ms` when `sigma` is positive: drawn from `seed`
    and the prompt, so that two systems that ask the same draw the same. `answers` is how
    many requests are answered before answers are held back, until they are released; None for all.
    `structured` and `streams` say whether schemas and streams are taken or refused. Of the `uses`
    (a tool's name, its arguments), those on offer are asked for before the first answer. `idle_s`
    without any connection ends a server that was started as a program.
    """

    dialect: Dialect = "both"
    latency_ms: float = 0.0
    sigma: float = 0.0
    seed: int = 0
    answers: int | None = None
    answer_bytes: int = 1500
    cost_usd: float | None = None
    structured: bool = True
    streams: bool = True
    uses: tuple[tuple[str, str], ...] = ()
    faults: tuple[Fault, ...] = ()
    idle_s: float = 120.0


class Entry(Struct):
    """One request as it was answered. `digest` is that of the prompt, tokens are what the answer
    stated, `head` is the request line with its headers, `wants` what was asked for beside words
    (schema, stream, tools). Times are seconds of the server's clock;
    `answered_s` is 0 until then.
    """

    path: str
    digest: str
    model: str
    status: int
    input_tokens: int = 0
    output_tokens: int = 0
    head: str = ""
    arrived_s: float = 0.0
    answered_s: float = 0.0
    wants: tuple[str, ...] = ()


class Ledger(Struct):
    """All that a server has seen."""

    requests: list[Entry] = []
    connections: int = 0
    in_flight: int = 0
    in_flight_max: int = 0

    @property
    def answered(self) -> list[Entry]:
        """The requests that got an answer and would be billed."""
        return [entry for entry in self.requests if entry.output_tokens]
