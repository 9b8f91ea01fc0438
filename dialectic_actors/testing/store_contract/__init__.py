"""What every store owes, as tests. `contract` holds the class to subclass, each other module one
kind of promise.

What only one kind of store can do wrong (files, processes, power cuts) is tested beside that store.
"""

import pytest

# Without it a broken promise would say `AssertionError` and nothing more.
pytest.register_assert_rewrite(
    *(f"{__name__}.{each}" for each in ("appending", "following", "leases", "model", "reading"))
)
