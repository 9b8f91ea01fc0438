"""Parts: references name texts, ropes bind references, and both come back as they went in."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dialectic_actors.testing.strategies import words
from dialectic_events.errors import IntegrityError
from dialectic_events.parts import check, refer, resolve, rope, strands


@given(words())
def test_a_reference_says_the_digest_and_the_size(text: str) -> None:
    """Both are of the UTF-8 bytes, so that anybody can check them."""
    body = text.encode()

    assert f"{sha256(body).hexdigest()}:{len(body)}" == refer(text)


@given(words(), words())
def test_a_text_answers_to_its_own_reference_only(text: str, other: str) -> None:
    """A changed text is found."""
    check(refer(text), text)
    if text != other:
        with pytest.raises(IntegrityError):
            check(refer(text), other)


def test_a_text_that_is_no_unicode_has_no_reference() -> None:
    """Lone surrogates are cleaned where text enters, never here."""
    with pytest.raises(UnicodeEncodeError):
        refer("\ud800")


trees = st.recursive(words(), lambda inner: st.lists(inner, max_size=4), max_leaves=12)
Tree = str | list["Tree"]


def leaves(tree: Tree) -> list[str]:
    """The texts of a tree, in order."""
    return [tree] if isinstance(tree, str) else [text for twig in tree for text in leaves(twig)]


def bind(tree: Tree, stored: dict[str, str]) -> str:
    """Store a tree of texts as ropes of ropes."""
    if isinstance(tree, str):
        ref, text = refer(tree), tree
    else:
        ref, text = rope([bind(twig, stored) for twig in tree])
    stored[ref] = text
    return ref


@given(trees)
def test_ropes_of_ropes_give_their_texts_in_order(tree: Tree) -> None:
    """However deep they are bound."""
    stored: dict[str, str] = {}
    ref = bind(tree, stored)

    assert leaves(tree) == list(resolve(ref, stored.__getitem__))
    for each, text in stored.items():
        check(each, text)


@given(st.lists(words().map(refer)))
def test_a_rope_names_its_strands(refs: list[str]) -> None:
    """A plain part has none, even when its text looks like a rope."""
    ref, text = rope(refs)

    assert tuple(refs) == strands(ref, text)
    assert () == strands(ref.removeprefix("@"), text)


def test_a_history_of_a_thousand_links_is_resolved() -> None:
    """A chain of ropes is as deep as a debate is long."""
    stored: dict[str, str] = {}
    ref = bind("0", stored)
    for index in range(1, 5000):
        ref, text = rope([ref, bind(str(index), stored)])
        stored[ref] = text

    assert [str(index) for index in range(5000)] == list(resolve(ref, stored.__getitem__))
