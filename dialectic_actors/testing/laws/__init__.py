"""The laws of every run, by name, over a log: `check_all` holds a log to them, `explain` tells how
it breaks one.

    laws.check_all(log)                     # envelopes, bare events, or a store
    laws.same_facts(undisturbed, resumed)   # laws 4 and 5
    laws.prefixes(log)                      # law 6: slow
    laws.tamper(store, stream)              # law 8: slow

A law of your own is a function: `@laws.law("name", 10, "statement", ProposalMade)`, handed over in
`laws=(*laws.LAWS, mine)`.
"""

from dialectic_actors.testing.laws.checking import LAWS, NAMES, Log, broken, check_all, explain
from dialectic_actors.testing.laws.facts import Difference, compare, same_facts
from dialectic_actors.testing.laws.resuming import Answer, calm, prefixes
from dialectic_actors.testing.laws.stating import Breach, Check, End, Found, Law, Stored, law
from dialectic_actors.testing.laws.tampering import tamper
from dialectic_actors.testing.laws.telling import LawBroken
from dialectic_actors.testing.laws.witness import Lookup, Witness

__all__ = [
    "LAWS",
    "NAMES",
    "Answer",
    "Breach",
    "Check",
    "Difference",
    "End",
    "Found",
    "Law",
    "LawBroken",
    "Log",
    "Lookup",
    "Stored",
    "Witness",
    "broken",
    "calm",
    "check_all",
    "compare",
    "explain",
    "law",
    "prefixes",
    "same_facts",
    "tamper",
]
