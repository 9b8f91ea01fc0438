"""Planted bugs: small changes of production code, each a mistake that somebody could have made.

A mutant changes the body of one function for as long as it is planted, wherever that function is
used. Whether it is found is not asked here.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pkgutil import resolve_name
from types import CodeType, FunctionType

from msgspec import Struct

__all__ = ["Mutant"]


class Mutant(Struct, frozen=True):
    """A planted bug: in the function at `place` (`module:function`), the text `old` is `new`.

    `name` tells it from the others, `planted` says in a sentence what is wrong with it.
    """

    name: str
    planted: str
    place: str
    old: str
    new: str

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Within the block the bug is in the code, for all that runs in this process.

        Raises LookupError when the code does not hold `old` exactly once: the mutant is to be
        written again for the code of today. Raises TypeError when `place` is no function.
        """
        function = resolve_name(self.place)
        if isinstance(function, property):
            function = function.fget
        if not isinstance(function, FunctionType):
            raise TypeError(f"{self.name}: {self.place} is no function")
        sound = function.__code__
        function.__code__ = self._code(function)
        try:
            yield
        finally:
            function.__code__ = sound

    def _code(self, function: FunctionType) -> CodeType:
        source = textwrap.dedent(inspect.getsource(function))
        old, new = (textwrap.dedent(text).strip() for text in (self.old, self.new))
        if source.count(old) != 1:
            raise LookupError(f"{self.name}: {self.place} holds {source.count(old)} times\n{old}")
        before = source[: source.index(old)]
        indent = before[before.rfind("\n") + 1 :]
        changed = source.replace(old, new.replace("\n", f"\n{' ' * len(indent)}"))
        return _compiled(changed, function)


def _compiled(source: str, function: FunctionType) -> CodeType:
    """The code of a function written anew; what it refers to is what it referred to before."""
    tree = ast.parse(f"from __future__ import annotations\n{source}")
    module = compile(tree, f"<planted in {function.__qualname__}>", "exec")
    codes = [each for each in module.co_consts if isinstance(each, CodeType)]
    (code,) = (each for each in codes if each.co_name == function.__name__)
    return code
