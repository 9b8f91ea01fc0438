"""The wheel is the product: what it holds, and that it works where no checkout is."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from support.checkout import ROOT

CODE = ("dialectic_actors", "dialectic_events", "dialectic_replay")


def run(*command: str | Path, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command that must succeed; return its standard output."""
    ended = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert 0 == ended.returncode, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel once, with the locked build backend and no network."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel alone in a new environment; return its folder of programs.

    Third-party packages come from the environment of the tests by path, so nothing is fetched.
    An editable install there is not followed, because path files are not read from such a path.
    """
    home = tmp_path_factory.mktemp("installed")
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    run(
        *(sys.executable, "-m", "pip", "--python", python, "install", "--quiet"),
        *("--no-deps", "--no-index", "--disable-pip-version-check", wheel),
        cwd=home,
    )
    (site,) = home.glob("lib/python*/site-packages")
    (site / "third-party.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home / "bin"


def bare_environment(home: Path) -> dict[str, str]:
    """Return an environment as on a new machine: no keys, no settings, no paths of the checkout."""
    kept = {name: os.environ[name] for name in ("LANG", "PATH", "TMPDIR") if name in os.environ}
    return {**kept, "HOME": str(home)}


def test_the_wheel_holds_the_four_packages_and_nothing_else(wheel: Path) -> None:
    """Only uniquely named packages ship, so that no other distribution can overwrite them."""
    names = zipfile.ZipFile(wheel).namelist()

    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}

    assert {*CODE, "dialectic_configs"} == tops


def test_the_wheel_carries_types_roles_and_the_license(wheel: Path) -> None:
    """Type checkers see our types, and built-in roles need no checkout."""
    names = zipfile.ZipFile(wheel).namelist()

    assert {f"{package}/py.typed" for package in CODE} <= set(names)
    assert [name for name in names if name.startswith("dialectic_configs/roles/")]
    assert [name for name in names if name.endswith(".dist-info/licenses/LICENSE")]


def test_every_file_of_the_data_package_ships(wheel: Path) -> None:
    """What the checkout reads as data is what the wheel reads."""
    folder = ROOT / "configs"
    written = {
        path.relative_to(folder).as_posix()
        for path in (folder / "dialectic_configs").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }

    shipped = {n for n in zipfile.ZipFile(wheel).namelist() if n.startswith("dialectic_configs/")}

    assert written == shipped


def test_the_installed_command_names_its_version(installed: Path, tmp_path: Path) -> None:
    """The entry point starts the installed package, of the version that the source states."""
    env = bare_environment(tmp_path)
    where = run(
        *(installed / "python", "-c", "import dialectic_actors as d; print(d.__file__)"),
        cwd=tmp_path,
        env=env,
    )
    stated: dict[str, str] = {}
    exec((ROOT / "dialectic_actors" / "_version.py").read_text(encoding="utf-8"), stated)

    printed = run(installed / "dialectic", "--version", cwd=tmp_path, env=env)

    assert where.startswith(str(installed.parent))
    assert stated["__version__"] in printed.split()


def test_the_installed_command_debates_offline_in_an_empty_folder(
    installed: Path, tmp_path: Path
) -> None:
    """A first run needs no key, no network and no file, and leaves its log behind."""
    env = bare_environment(tmp_path)

    answer = run(
        *(installed / "dialectic", "debate", "--offline", "One queue or two?"),
        cwd=tmp_path,
        env=env,
    )

    assert answer.strip()
    assert (tmp_path / "debates" / "log.db").is_file()
