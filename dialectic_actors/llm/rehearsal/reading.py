"""How a text is read without a model: its sentences, what it requires, the words that make a
concern relevant.

Everything here is hostile input made harmless: bounded, printable, on one line. Nothing here has
an opinion.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256

from msgspec import Struct

from dialectic_actors.core.roles import Concern

__all__ = [
    "Reading",
    "choose",
    "clean",
    "hits",
    "listed",
    "phrase",
    "quote",
    "read",
    "same_words",
    "sentences",
    "shorten",
    "subject",
]

READ_LIMIT = 20_000
"""Characters of a text that are read; what follows cannot change a rehearsal."""

REQUIREMENTS_LIMIT = 8

_STRONG = re.compile(
    r"\b(?:must|shall|requires?|required|needs? to|has to|have to|critical|essential)\b",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<!\w)\d[\d,.]*\d*\s?(?:%|\+|[kKmM]\b)?(?:[ -]?[A-Za-z%/]+){0,3}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])\s*")
_CLAUSE_END = re.compile(r"(?<=[.!?;])\s+|(?<=[。！？；])\s*")
_LABEL = re.compile(r"^[A-Z][\w -]{1,30}:\s*")
_BULLET = re.compile(r"^\s*(?:[-*•>#]+|\d+[.)])\s+")
_WORD = re.compile(r"[^\W_](?:[\w'’\-+%/]|(?<=\d)[.,](?=\d))*")
# fmt: off
_LINKING = frozenset((
    "a", "able", "across", "all", "also", "an", "and", "another", "any", "are", "as", "at",
    "be", "been", "being", "between", "both", "build", "but", "by", "can", "could", "create",
    "design", "develop", "do", "does", "each", "either", "every", "for", "from", "had", "has",
    "have", "how", "i", "if", "implement", "in", "into", "is", "it", "its", "just", "like",
    "make", "may", "more", "most", "must", "need", "needs", "no", "not", "of", "on", "one",
    "only", "or", "other", "others", "our", "over", "per", "plus", "provide", "shall",
    "should", "so", "some", "such", "support", "than", "that", "the", "their", "them", "then",
    "there", "these", "they", "this", "those", "to", "under", "up", "us", "use", "using",
    "very", "via", "want", "wants", "was", "we", "were", "what", "when", "where", "which",
    "while", "who", "will", "with", "without", "would", "you", "your",
))
_CLAUSE = frozenset((
    "that", "which", "who", "must", "shall", "should", "will", "can", "could", "is", "are",
    "was", "and", "or", "but", "so", "to", "has", "have", "when", "where", "while", "if",
    "because",
))
# fmt: on
_SUFFIX = r"(?:e|s|es|ed|er|ers|ing|able|ability|age|ure|ures|base|bases)?(?!\w)"


class Reading(Struct, frozen=True):
    """A problem as read. Without strong wording its first sentence stands for `requirements`, and
    `strong` is false.
    """

    sentences: tuple[str, ...]
    requirements: tuple[str, ...]
    strong: bool
    numbers: tuple[str, ...]


@lru_cache(maxsize=256)
def read(problem: str) -> Reading:
    """Read a problem of any length, language or intent."""
    found: list[str] = []
    strong: list[str] = []
    listing = gap = False
    for line in clean(problem).split("\n"):
        if not line.strip():
            gap = True
            continue
        if label := _LABEL.match(_BULLET.sub("", line)):
            listing = label[0].lower().startswith("requirement")
        elif gap and not _BULLET.match(line):
            listing = False
        gap = False
        parts = _split(line, _CLAUSE_END)
        found.extend(parts)
        strong.extend(part for part in parts if listing or _STRONG.search(part))
    numbers = (" ".join(number[0].split()) for part in found for number in _NUMBER.finditer(part))
    return Reading(
        sentences=tuple(found),
        requirements=tuple(dict.fromkeys(strong or found[:1]))[:REQUIREMENTS_LIMIT],
        strong=bool(strong),
        numbers=tuple(dict.fromkeys(number.rstrip(" .,-") for number in numbers))[:3],
    )


def clean(text: str) -> str:
    """The readable part of a text: bounded, without control characters or halves of characters."""
    head = text[:READ_LIMIT]
    if head.replace("\n", "").isprintable():
        return head
    return "".join(sign if sign.isprintable() or sign == "\n" else " " for sign in head)


@lru_cache(maxsize=4096)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of cleaned prose, without bullets and labels."""
    return tuple(part for line in text.split("\n") for part in _split(line, _SENTENCE_END))


def _split(line: str, end: re.Pattern[str]) -> list[str]:
    body = _LABEL.sub("", _BULLET.sub("", line)).strip()
    parts = (" ".join(part.split()).strip(" ;") for part in end.split(body))
    return [part for part in parts if any(sign.isalnum() for sign in part)]


def shorten(text: str, limit: int) -> str:
    """`text` on one line, cut at a word if it is longer than `limit` characters."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    head, _, _ = text[:limit].rpartition(" ")
    return (head if len(head) > limit // 2 else text[: limit - 1]).rstrip(" ,;:.") + "…"


def quote(text: str, limit: int = 140) -> str:
    """`text` in quotation marks, harmless inside a line of Markdown."""
    inner = clean(text).translate(_HARMLESS).strip().removesuffix(".")
    return f"“{shorten(inner, limit)}”"


_HARMLESS = str.maketrans(
    {
        "“": "‘",
        "”": "’",
        '"': "'",
        "`": "'",
        "*": "",
        "→": "⇒",
        "\n": " ",
        "#": "",
        "<": "‹",
        ">": "›",
    }
)


def hits(concern: Concern, text: str) -> frozenset[str]:
    """The words of `text` that make `concern` relevant, by the stems they begin with."""
    return _hits(concern.words, text)


# The same passages are weighed by every critic of a debate.
@lru_cache(maxsize=4096)
def _hits(stems: tuple[str, ...], text: str) -> frozenset[str]:
    pattern = _pattern(stems)
    if pattern is None:
        return frozenset()
    return frozenset(found[1].lower() for found in pattern.finditer(text))


def phrase(concern: Concern, sentence: str) -> str:
    """The few words around the first hit in `sentence`, or the sentence's beginning."""
    pattern = _pattern(concern.words)
    found = pattern.search(sentence) if pattern else None
    if found is None:
        return shorten(sentence, 80)
    words = list(_WORD.finditer(sentence))
    at = next((n for n, word in enumerate(words) if word.end() > found.start()), 0)
    said = _around(sentence, words, at, _CLAUSE)
    # One word says too little to be argued about: then the clause may run on.
    return said if " " in said else _around(sentence, words, at, frozenset())


def subject(reading: Reading) -> str:
    """What the first sentence is about: its words up to the first clause; empty if it has none."""
    sentence = next(iter(reading.sentences), "")
    words = list(_WORD.finditer(sentence))
    first = next((n for n, word in enumerate(words) if word[0].lower() not in _LINKING), None)
    if first is None:
        return ""
    return _around(sentence, words, first, _CLAUSE, before=0, after=8)


def _around(
    sentence: str,
    words: list[re.Match[str]],
    at: int,
    ends: frozenset[str],
    *,
    before: int = 3,
    after: int = 6,
) -> str:
    """The words next to the one `at`, up to punctuation or a word in `ends`."""
    first = last = at
    while first > max(0, at - before) and _joined(sentence, words, first - 1, first - 1, ends):
        first -= 1
    while last < min(len(words) - 1, at + after) and _joined(sentence, words, last, last + 1, ends):
        last += 1
    return _trimmed(sentence, words, first, last)


def _joined(
    sentence: str, words: list[re.Match[str]], left: int, new: int, ends: frozenset[str]
) -> bool:
    gap = sentence[words[left].end() : words[left + 1].start()]
    return gap.isspace() and words[new][0].lower() not in ends


def _trimmed(sentence: str, words: list[re.Match[str]], first: int, last: int) -> str:
    while first < last and words[first][0].lower() in _LINKING:
        first += 1
    while last > first and words[last][0].lower() in _LINKING:
        last -= 1
    return shorten(sentence[words[first].start() : words[last].end()], 80)


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def same_words(one: str, other: str) -> float:
    """The share of the weighty words of `one` that occur in `other`."""
    words = {word[0].lower() for word in _WORD.finditer(one)} - _LINKING
    weighty = {word for word in words if len(word) > 3} or words
    rest = other.lower()
    return sum(word in rest for word in weighty) / len(weighty) if weighty else 0.0


def choose(seed: int, turn: str, label: str, count: int) -> int:
    """A number below `count` that depends on nothing but the arguments."""
    digest = sha256(f"{seed}\0{turn}\0{label}".encode(errors="replace")).digest()
    return int.from_bytes(digest[:8]) % count


@lru_cache(maxsize=512)
def _pattern(stems: tuple[str, ...]) -> re.Pattern[str] | None:
    # A short stem begins too many unrelated words to be matched by its beginning alone.
    kinds = (
        f"{re.escape(stem)}{_SUFFIX if len(stem) <= 4 else ''}" for stem in stems if stem.strip()
    )
    body = "|".join(f"(?P<s{index}>{kind})" for index, kind in enumerate(kinds))
    return re.compile(rf"(?<!\w)({body})", re.IGNORECASE) if body else None
