"""Imports run one way: the contracts of import-linter in `pyproject.toml` hold."""

import subprocess
import sys

from support.checkout import ROOT, checkout_environment

LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def test_every_import_contract_is_kept() -> None:
    """No room imports what lies above it, and pure rooms import nothing of the world.

    A process of its own, because the linter sets up logging for the whole of one.
    """
    ended = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache", "--no-logo"],
        cwd=ROOT,
        env=checkout_environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert 0 == ended.returncode, ended.stdout + ended.stderr
