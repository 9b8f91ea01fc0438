"""How each role speaks when it rehearses: its temper, its price, what it refuses. Words only, no
logic.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

__all__ = ["TENSIONS", "Voice", "voice_of"]


class Voice(Struct, frozen=True):
    """The turns of phrase of one role. `prices` are what its way of working costs, `refusals` why
    it declines.
    """

    title: str
    openings: tuple[str, str]
    prices: tuple[str, str, str]
    praise: str
    worry: str
    refusals: tuple[str, str]
    gap: str


_VOICES: Mapping[str, Voice] = {
    "architect": Voice(
        title="Boundaries first",
        openings=(
            (
                "I begin with what has to stay true while a part is missing, for that decides "
                "where the lines are drawn."
            ),
            (
                "Before I name parts I ask what they may assume about each other; most later pain"
                " is an assumption that nobody wrote down."
            ),
        ),
        prices=(
            (
                "Every boundary costs a call, a contract and somebody who looks after both, so I "
                "draw few."
            ),
            (
                "Where copies converge, some reader sees the old truth for a moment; those flows "
                "must be named."
            ),
            (
                "Rehearsing failures takes days out of the first release and returns them at the "
                "first outage."
            ),
        ),
        praise="It gives the parts a contract that others can build against.",
        worry="Left like this, the answer will be found in whichever part was written last.",
        refusals=(
            (
                "It would spread one part's decision over all the others, and that coupling "
                "outlives its use."
            ),
            (
                "It moves a boundary without the state behind it, and two owners are worse than "
                "the flaw."
            ),
        ),
        gap="needs a component that I cannot justify from what is stated",
    ),
    "security": Voice(
        title="What an attacker meets",
        openings=(
            (
                "I read the problem as somebody who means harm: what is worth taking, and what "
                "stands between?"
            ),
            (
                "The question is not whether somebody tries but what they find when they do, so I"
                " follow hostile input inward."
            ),
        ),
        prices=(
            "Each control slows an honest user a little; I keep those whose attack I can name.",
            (
                "Isolation costs start-up time and memory for every job, and I would pay it "
                "before trusting one."
            ),
            (
                "Short-lived credentials make outages of the identity service visible; that "
                "dependency is accepted."
            ),
        ),
        praise="An attacker meets resistance here, early and where it counts.",
        worry="An attacker needs only this one answer to be missing.",
        refusals=(
            (
                "It widens what one stolen credential can reach, and no gain in comfort pays for "
                "that."
            ),
            (
                "It defends against a loss smaller than its own cost; I record the risk as "
                "accepted instead."
            ),
        ),
        gap="has no threat behind it that I could defend against",
    ),
    "performance": Voice(
        title="Budgets before boxes",
        openings=(
            (
                "I do the arithmetic before the drawing: how many, how large, how often, and what"
                " saturates first."
            ),
            (
                "Speed is a budget that somebody has to keep, so I look for the resource that "
                "runs out first."
            ),
        ),
        prices=(
            (
                "Answering before derived work is done means that some views lag, for a time that"
                " must be stated."
            ),
            (
                "Rejecting early under load disappoints a few callers so that all the others are "
                "served."
            ),
            (
                "Measuring every release takes machine hours; finding a regression in production "
                "takes more."
            ),
        ),
        praise="That bounds the work per request, which is where speed comes from.",
        worry="At the peak this becomes the queue that everybody else waits in.",
        refusals=(
            "It puts another round trip on the critical path, and no stated load asks for it.",
            "It trades a bounded cost for an unbounded one, which shows only at the peak.",
        ),
        gap="carries no load or deadline that I could budget",
    ),
    "testing": Voice(
        title="Claims that can fail",
        openings=(
            "I ask of each promise how we would notice that it is false, and how soon.",
            (
                "A design is finished for me when every important sentence in it could be refuted"
                " by a test."
            ),
        ),
        prices=(
            (
                "Passing in clock, chance and outside ports makes signatures longer and failures "
                "repeatable."
            ),
            (
                "Injected faults find defects that nobody wants to schedule; time for them "
                "belongs into the plan."
            ),
            (
                "Some risks stay untested because proof costs more than harm; they are listed, "
                "not forgotten."
            ),
        ),
        praise="This can be checked from outside, which makes it more than an intention.",
        worry="As it stands, no observation could prove the claim wrong before a user does.",
        refusals=(
            (
                "It adds behavior that can be observed only in production, and I will not promise"
                " what I cannot check."
            ),
            (
                "It replaces one check of a law with many of examples, which cost more and find "
                "less."
            ),
        ),
        gap="gives no observation that would tell success from failure",
    ),
    "kiss": Voice(
        title="The least that works",
        openings=(
            "I take away parts until a stated requirement objects, and stop there.",
            (
                "The cheapest component is the one that is missing, so every part below had to "
                "earn its place."
            ),
        ),
        prices=(
            (
                "One deployment means that a bad release touches everything; a fast way back is "
                "part of the design."
            ),
            (
                "A single database will be outgrown one day; the sign is a measurement, and the "
                "next step is small."
            ),
            "Manual steps at the start cost hours, and they show what is worth automating.",
        ),
        praise="It is one mechanism doing one job, and it can stay.",
        worry="Without an answer, somebody will buy a product to avoid the question.",
        refusals=(
            (
                "No stated requirement pays for it. I would rather see the need once than carry "
                "the part for ever."
            ),
            (
                "It solves a problem that we would have to cause first; the simpler design never "
                "gets there."
            ),
        ),
        gap="can be met by people until its volume is known",
    ),
    "generalist": Voice(
        title="One thing for all who need it",
        openings=(
            (
                "I look at the people around this system first, and at the decisions that fall "
                "between specialists."
            ),
            (
                "The parts will be fine; what goes wrong is what lies between them, so that is "
                "where I look."
            ),
        ),
        prices=(
            "Serving every group a little means that none gets everything in the first release.",
            (
                "Deciding collisions early will sometimes be wrong; the sign that reopens each "
                "one is written down."
            ),
            "A reduced mode has to be built and shown, and it earns nothing on a good day.",
        ),
        praise="Users, operators and owners would each recognize their need in it.",
        worry="Nobody owns this, and what nobody owns is found by a customer.",
        refusals=(
            "It makes one concern perfect at the expense of two that the problem names as well.",
            "It belongs into a later increment; nothing we learn first depends on it.",
        ),
        gap="falls between the specialists and has no owner yet",
    ),
    "datamodeling": Voice(
        title="Facts, identities, rules",
        openings=(
            (
                "I listen for the nouns that keep their identity and the verbs that leave a fact "
                "behind."
            ),
            "Programs will be replaced and the data will not, so the model comes first.",
        ),
        prices=(
            (
                "Keeping facts as well as state costs storage and a rebuild; it buys every "
                "question about the past."
            ),
            "Small units of change make some reads assemble their answer from several places.",
            (
                "Versioned shapes oblige every reader to convert, for as long as the old records "
                "live."
            ),
        ),
        praise="It says which fact is stored, by whom and under which identity.",
        worry="In its second year this will be two columns that disagree.",
        refusals=(
            (
                "It stores one fact in two places, and the day they differ nobody can say which "
                "is right."
            ),
            (
                "It would bend the model to one query; a projection serves that query without "
                "moving a fact."
            ),
        ),
        gap="names no entity or rule that could hold it",
    ),
}

_ANYBODY = Voice(
    title="A considered proposal",
    openings=(
        "I take the problem at its word and ask what has to be decided before anything is built.",
        "I look for the few decisions on which everything else depends.",
    ),
    prices=(
        (
            "Deciding early narrows later choices; the decisions above are those that could not "
            "wait."
        ),
        (
            "Each measure needs an owner and some upkeep, and I have left out those that nobody "
            "asked for."
        ),
        (
            "What is not measured at first may be sized wrongly; the first release is there to "
            "find out."
        ),
    ),
    praise="That is concrete enough to be built.",
    worry="It will otherwise be decided by accident.",
    refusals=(
        "It costs more than the stated problem can justify.",
        "It is right in general and does not follow from this problem.",
    ),
    gap="lies outside what I can judge",
)

TENSIONS: Mapping[frozenset[str], str] = {
    frozenset({"performance", "security"}): (
        "Checks against delay: each control on the critical path is paid for in latency, so the "
        "expensive ones run once per session and not once per request."
    ),
    frozenset({"architect", "kiss"}): (
        "Simplicity against separation: parts stay modules of one deployment until a measured "
        "load or failure forces one of them out."
    ),
    frozenset({"kiss", "security"}): (
        "Few parts against defense in depth: a second control is added only where the first one "
        "fails silently."
    ),
    frozenset({"kiss", "performance"}): (
        "Plain against fast: the plain version ships with its measurement, and is replaced where "
        "the measurement says so."
    ),
    frozenset({"datamodeling", "performance"}): (
        "Full facts against short paths: facts are appended in full, and reads go to projections "
        "that may be rebuilt."
    ),
    frozenset({"datamodeling", "kiss"}): (
        "History against economy: facts are kept where a dispute is possible, plain state "
        "everywhere else."
    ),
    frozenset({"kiss", "testing"}): (
        "Evidence against upkeep: laws are tested for everything, examples only for what has "
        "failed before."
    ),
    frozenset(
        {"architect", "performance"}
    ): "Isolation against round trips: a boundary is crossed in batches, and never inside a loop.",
    frozenset({"generalist", "security"}): (
        "Protection against convenience: strong checks guard lasting damage, and light ones "
        "everyday work."
    ),
    frozenset({"architect", "testing"}): (
        "Seams against compactness: outside ports are replaceable everywhere, inner boundaries "
        "only where a test needs them."
    ),
}
"""How the wishes of two roles collide, and the compromise that a judge would start from."""


def voice_of(role: str) -> Voice:
    """The voice of a built-in role; every other role has a neutral one."""
    return _VOICES.get(role, _ANYBODY)
