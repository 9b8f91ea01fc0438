"""Followers wait instead of asking on and on, and look again where nobody tells them."""

from collections.abc import Iterator

import pytest

from dialectic_actors.testing.batches import proposals
from dialectic_events.envelope import Record
from dialectic_events.errors import DialecticError
from dialectic_events.stores.following import Bell, Follower


class Shelf:
    """A log that has nothing until it has been read often enough."""

    def __init__(self, empty_reads: int) -> None:
        self.reads = 0
        self.empty_reads = empty_reads

    def read_all(self, after: int, limit: int) -> Iterator[Record]:
        """Give nothing for a while, then one event."""
        self.reads += 1
        return iter(proposals("run", ["a"]).records if self.reads > self.empty_reads else ())


def test_a_follower_reads_when_it_begins_and_when_its_time_is_up() -> None:
    """In between it sleeps: waiting costs nothing."""
    shelf = Shelf(empty_reads=1000)

    assert () == Follower(shelf.read_all, Bell(), 0).poll(0.05)
    assert 2 == shelf.reads


def test_a_follower_looks_again_where_others_write() -> None:
    """No bell rings for another process."""
    shelf = Shelf(empty_reads=5)

    assert 1 == len(Follower(shelf.read_all, Bell(), 0, look_every_s=0.001).poll(10.0))
    assert 6 == shelf.reads


def test_a_stroke_between_looking_and_waiting_is_not_missed() -> None:
    """Whoever saw the bell before looking returns at once."""
    bell = Bell()
    seen = bell.strokes
    bell.ring()

    bell.wait(seen, None)
    assert seen + 1 == bell.strokes


def test_an_error_of_the_log_reaches_who_follows_it() -> None:
    """Unless the follower was closed meanwhile: then there is nobody to tell."""

    def read_all(after: int, limit: int) -> Iterator[Record]:
        raise DialecticError("the log was closed")

    follower = Follower(read_all, Bell(), 0)
    with pytest.raises(DialecticError):
        follower.poll(0)
    follower.close()
    assert () == follower.poll(0)
