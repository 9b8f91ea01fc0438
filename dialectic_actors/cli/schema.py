"""`dialectic schema config`: the JSON Schema of a configuration."""

from __future__ import annotations

import json

import click

from dialectic_actors.cli import options
from dialectic_actors.cli.terminal import json_data

__all__ = ["command"]


@click.command(
    "schema", epilog=options.examples("dialectic schema config > debate-config.schema.json")
)
@click.argument("of", type=click.Choice(["config"]), metavar="config")
def command(of: str) -> int:
    """Print the JSON Schema of a configuration, for editors.

    Name the file in a configuration's "$schema", or in YAML in a first line
    "# yaml-language-server: $schema=debate-config.schema.json".
    """
    from dialectic_actors.settings.schema import config_schema

    json_data(json.dumps(config_schema(), indent=2, ensure_ascii=False))
    return 0
