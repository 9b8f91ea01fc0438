"""`dialectic init`: a configuration to start from."""

from __future__ import annotations

from pathlib import Path

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import say
from dialectic_events.errors import DialecticError, ExitCode

__all__ = ["command"]


@click.command("init", epilog=options.examples("dialectic init", "dialectic init my-project"))
@click.argument("directory", type=click.Path(path_type=Path), default=Path())
def command(directory: Path) -> int:
    """Write a commented debate-config.yaml to start from, here or into DIRECTORY.

    Nothing is ever overwritten.
    """
    from importlib import resources

    from dialectic_actors.settings.layers import CONFIG_NAMES

    found = next((each for each in CONFIG_NAMES if (directory / each).exists()), None)
    if found is not None:
        raise _refused("there is a configuration already", directory / found)
    file = directory / "debate-config.yaml"
    text = (resources.files("dialectic_configs") / file.name).read_text(encoding="utf-8")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        raise _refused("lies in the way", file) from None
    except OSError as failed:
        raise DialecticError(
            f"cannot be written: {failed.strerror}",
            where=str(file),
            fix="check the directory and its permissions",
        ) from None
    say(f"wrote {file}")
    say('try it without a key: dialectic debate "…" --offline')
    return 0


def _refused(what: str, place: Path) -> DialecticError:
    fix = "edit it, or remove it first; dialectic config show says what it does"
    return DialecticError(what, where=str(place), fix=fix, exit_code=ExitCode.USAGE)
