"""The report of a debate: one page of Markdown, of a run or of a state file. Pure; where it is
written is decided elsewhere.
"""

from __future__ import annotations

from dialectic_replay.report.from_run import paper_of_run, people_of
from dialectic_replay.report.from_state import paper_of_state
from dialectic_replay.report.page import report
from dialectic_replay.report.paper import Paper, Person

__all__ = ["Paper", "Person", "paper_of_run", "paper_of_state", "people_of", "report"]
