"""The testing kit: hold protocols, roles, workflows and stores of your own to the laws of this
system.

Importing this costs next to nothing: what a name needs is loaded when it is used.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dialectic_actors.core.linter import lint
    from dialectic_actors.core.protocols import installed, register
    from dialectic_actors.testing import laws
    from dialectic_actors.testing.cassettes import CassetteMissing
    from dialectic_actors.testing.config import Config
    from dialectic_actors.testing.deciders import Decider, given
    from dialectic_actors.testing.drawn_protocols import protocols
    from dialectic_actors.testing.fixture import Dialectic
    from dialectic_actors.testing.matching import ANY, some
    from dialectic_actors.testing.network import NetworkShut, network_shut
    from dialectic_actors.testing.playbooks import playbook
    from dialectic_actors.testing.played import Played, PlayedTurn
    from dialectic_actors.testing.scripting import Answers, Step
    from dialectic_actors.testing.simulation.campaign import campaign
    from dialectic_actors.testing.simulation.cases import Case, read_case, write_case
    from dialectic_actors.testing.simulation.drawing import faults
    from dialectic_actors.testing.simulation.faults import Faults, swarm
    from dialectic_actors.testing.simulation.machine import DebateMachine, debate_machine
    from dialectic_actors.testing.simulation.run import Simulated, SimulationFailed, simulate
    from dialectic_actors.testing.simulation.shrinking import shrink
    from dialectic_actors.testing.store_contract.contract import StoreContract
    from dialectic_actors.testing.strategies import (
        configs,
        events,
        logs,
        logs_of_every_version,
        problems,
        stories,
    )
    from dialectic_actors.testing.walking import walk

__all__ = [
    "ANY",
    "Answers",
    "Case",
    "CassetteMissing",
    "Config",
    "DebateMachine",
    "Decider",
    "Dialectic",
    "Faults",
    "NetworkShut",
    "Played",
    "PlayedTurn",
    "Simulated",
    "SimulationFailed",
    "Step",
    "StoreContract",
    "campaign",
    "configs",
    "debate_machine",
    "events",
    "faults",
    "given",
    "installed",
    "laws",
    "lint",
    "logs",
    "logs_of_every_version",
    "network_shut",
    "playbook",
    "problems",
    "protocols",
    "read_case",
    "register",
    "shrink",
    "simulate",
    "some",
    "stories",
    "swarm",
    "walk",
    "write_case",
]

_HOMES = {
    "ANY": "dialectic_actors.testing.matching",
    "Answers": "dialectic_actors.testing.scripting",
    "Case": "dialectic_actors.testing.simulation.cases",
    "CassetteMissing": "dialectic_actors.testing.cassettes",
    "Config": "dialectic_actors.testing.config",
    "DebateMachine": "dialectic_actors.testing.simulation.machine",
    "Decider": "dialectic_actors.testing.deciders",
    "Dialectic": "dialectic_actors.testing.fixture",
    "Faults": "dialectic_actors.testing.simulation.faults",
    "NetworkShut": "dialectic_actors.testing.network",
    "Played": "dialectic_actors.testing.played",
    "PlayedTurn": "dialectic_actors.testing.played",
    "Simulated": "dialectic_actors.testing.simulation.run",
    "SimulationFailed": "dialectic_actors.testing.simulation.run",
    "Step": "dialectic_actors.testing.scripting",
    "StoreContract": "dialectic_actors.testing.store_contract.contract",
    "campaign": "dialectic_actors.testing.simulation.campaign",
    "configs": "dialectic_actors.testing.strategies",
    "debate_machine": "dialectic_actors.testing.simulation.machine",
    "events": "dialectic_actors.testing.strategies",
    "faults": "dialectic_actors.testing.simulation.drawing",
    "given": "dialectic_actors.testing.deciders",
    "installed": "dialectic_actors.core.protocols",
    "lint": "dialectic_actors.core.linter",
    "logs": "dialectic_actors.testing.strategies",
    "logs_of_every_version": "dialectic_actors.testing.strategies",
    "network_shut": "dialectic_actors.testing.network",
    "playbook": "dialectic_actors.testing.playbooks",
    "problems": "dialectic_actors.testing.strategies",
    "protocols": "dialectic_actors.testing.drawn_protocols",
    "read_case": "dialectic_actors.testing.simulation.cases",
    "register": "dialectic_actors.core.protocols",
    "shrink": "dialectic_actors.testing.simulation.shrinking",
    "simulate": "dialectic_actors.testing.simulation.run",
    "some": "dialectic_actors.testing.matching",
    "stories": "dialectic_actors.testing.strategies",
    "swarm": "dialectic_actors.testing.simulation.faults",
    "walk": "dialectic_actors.testing.walking",
    "write_case": "dialectic_actors.testing.simulation.cases",
}


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name == "laws":
        return import_module("dialectic_actors.testing.laws")
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
