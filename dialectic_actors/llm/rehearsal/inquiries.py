"""What each role would ask the person whose problem it is: words only, no logic."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

__all__ = ["Inquiry", "inquiries_of"]


class Inquiry(Struct, frozen=True):
    """A question that some `words` of a problem (stems) raise and that a passage which `settled`
    matches would answer. `{words}` are the problem's own.
    """

    question: str
    words: tuple[str, ...]
    settled: re.Pattern[str]


def _ask(question: str, words: str, settled: str) -> Inquiry:
    return Inquiry(question, tuple(words.split()), re.compile(settled, re.IGNORECASE))


_MANY = "users people customer student client delegate member visitor scal grow traffic load cart"
_COUNTED = (
    r"\d[\d,.]*\s*(?:[km]\b|thousand|million|users?|people|customers?|delegates?|students?|"
    r"requests?|orders?|writes?|per\b|an? (?:second|minute|hour|day)|/)"
)
_LASTING = r"\d\s*(?:days?|weeks?|months?|years?)"

_INQUIRIES: Mapping[str, tuple[Inquiry, ...]] = {
    "architect": (
        _ask(
            "After {words}, how long may the service be away, and how much of the last work may "
            "be lost?",
            "surviv fail loss outage availab disaster region uptime offline",
            r"\d\s*(?:ms|seconds?|minutes?|hours?)|9\d(?:\.\d+)?\s*%|nothing (?:may|is)",
        ),
        _ask(
            "You speak of {words}: how many at once in the busiest hour, and how many in two "
            "years?",
            _MANY,
            _COUNTED,
        ),
        _ask(
            "Which systems stand behind {words}, and which of them can nobody change?",
            "integrat external third legacy existing partner api import export online web-based",
            r"\b(?:rest|soap|graphql|contract|protocol|adapter)\b",
        ),
    ),
    "security": (
        _ask(
            "Which law or promise covers the data behind {words}, and who is harmed if they get "
            "out?",
            "user account profile patient student customer delegate personal payment record "
            "video chat message cart",
            r"gdpr|hipaa|pci|ferpa|\blaws?\b|regulat|complian",
        ),
        _ask(
            "Who vouches today for the identity behind {words}?",
            "login identit account user moderator admin staff role member delegate",
            r"sso|oauth|oidc|saml|single sign|identity provider|password",
        ),
        _ask(
            "What is the worst that {words} may contain, and who answers for it?",
            "upload file code plugin content chat message submi recording",
            r"\bscan|sandbox|\breview",
        ),
    ),
    "performance": (
        _ask(
            "For {words}: how many in the busiest minute, and how large is one of them?",
            f"{_MANY} write read request upload",
            _COUNTED,
        ),
        _ask(
            "How long may {words} take before somebody gives up waiting?",
            "real-time fast quick respon search video chat live load page write instant path",
            r"\d\s*(?:ms|milliseconds?|seconds?)|\bp9\d|percentile",
        ),
        _ask(
            "How much accumulates behind {words} in a year?",
            "store keep kept history record archive log file image video upload",
            r"\d\s*(?:[kmgtp]b\b|[kmgt]i?bytes?)",
        ),
    ),
    "testing": (
        _ask(
            "What must never happen with {words}, not even once?",
            "fail loss surviv payment order cart balance grade booking patient safe correct record",
            r"\bnever\b|at most once|exactly once|not even once",
        ),
        _ask(
            "Which example would convince you that {words} holds?",
            "must shall requir need ensure guarantee critical able",
            r"for example|e\.g\.|such as|for instance",
        ),
        _ask(
            "May {words} be tried out with a few real users first, and with whom?",
            "releas launch existing migrat replac rollout deploy online event",
            r"\bpilot|\bbeta\b|\bphase|\bshadow",
        ),
    ),
    "kiss": (
        _ask(
            "How often did {words} matter in the last year, and what did it cost?",
            "surviv loss fail outage million thousand hundred scal grow traffic peak dozens any",
            r"\btoday\b|\bcurrently\b|\bso far\b|\blast year\b",
        ),
        _ask(
            "How is {words} done today, and how many hours a week does that cost?",
            "automat monitor manag moderat report process approv notif schedul",
            r"by hand|\bmanual|hours? (?:a|per) week",
        ),
        _ask(
            "Which part of {words} would nobody miss in the first year?",
            "any also every all platform support integrat real-time multi both cart record",
            r"first release|\bmvp\b|\blater\b|out of scope|first year",
        ),
    ),
    "generalist": (
        _ask(
            "When must a first release of {words} be of use, and to whom?",
            "build design online launch replac system platform take create path",
            r"\bdeadline|\bq[1-4]\b|\b20\d\d\b|in \d+ (?:weeks|months)",
        ),
        _ask(
            "Who runs {words} after the launch, and in how much of their time?",
            "moderator admin staff team operat owner support teacher organi",
            r"on call|team of \d|hours a|\boperators\b",
        ),
        _ask(
            "What may {words} cost in a month?",
            "cost budget price licen cloud pay",
            r"[$€£]\s*\d|\d\s*(?:eur|usd|dollars|euros)",
        ),
    ),
    "datamodeling": (
        _ask(
            "What makes two entries of {words} the same one?",
            "user account student customer product order cart device record item patient delegate",
            r"\bunique|identifier|\bids?\b",
        ),
        _ask(
            "How is a mistake in {words} corrected, and must the wrong value stay visible?",
            "order cart payment grade booking balance status event change record",
            r"\bundo|\bcancel|\bcorrect|\brefund",
        ),
        _ask(
            "How long is {words} kept, and who may have it deleted?",
            "kept keep store delet histor record archive log audit cart",
            _LASTING,
        ),
    ),
}

_ANYBODY = (
    _ask("You speak of {words}: how many are there at the busiest moment?", _MANY, _COUNTED),
)


def inquiries_of(role: str) -> tuple[Inquiry, ...]:
    """What a built-in role asks, the most important first; every other role asks for the load."""
    return _INQUIRIES.get(role, _ANYBODY)
