"""`payratchet completion`: the script that teaches a shell to complete our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from workers.operations.options import json_option
from workers.operations.output import as_json

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_PAYRATCHET_COMPLETE"
EXAMPLES = """\b
Examples:
  payratchet completion bash > /etc/bash_completion.d/payratchet
  payratchet completion zsh > ~/.zfunc/_payratchet
  payratchet completion fish > ~/.config/fish/completions/payratchet.fish
"""


@click.command("completion", epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(SHELLS))
@json_option
def completion(shell: str, *, json_: bool) -> None:
    """Print the script that completes commands and options in this shell."""
    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - click knows all of SHELLS
    root = click.get_current_context().find_root().command
    script = kind(root, {}, "payratchet", VARIABLE).source()
    as_json({"shell": shell, "script": script}) if json_ else click.echo(script)
