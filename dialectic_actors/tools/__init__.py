"""What agents may use between two answers: the tools, and the walls around them.

Nothing a tool does is decided here, recorded here or shown to people; whoever uses the toolbox
records what it said.
"""

from __future__ import annotations

from dialectic_actors.tools.brought import Tool, find_tool
from dialectic_actors.tools.toolbox import NAMES, Toolbox, Toolboxes, bring, specs

__all__ = ["NAMES", "Tool", "Toolbox", "Toolboxes", "bring", "find_tool", "specs"]
