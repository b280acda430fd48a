"""The reference of the command line: every command with its arguments and options, from the commands themselves."""

import re

import click
from docs.build.activation_pages import cell

from reluctant.cli.main import reluctant

PATH = "reference/commands.md"
_INTRODUCTION = """# Commands
`reluctant COMMAND --help` prints the same in the terminal.

Exit status: 0 done, 1 some runs failed (or `--fail-if` holds), 2 cannot be carried out (the message says what to write
instead), 130 interrupted (the same command goes on), 70 a fault in reluctant itself.
"""


def visible_commands() -> dict[str, click.Command]:
    """The commands that `reluctant --help` lists, by name."""
    return {name: command for name, command in sorted(reluctant.commands.items()) if not command.hidden}


def command_page() -> str:
    """The Markdown of the page."""
    commands = visible_commands()
    summary = ["| command | what it does |", "| --- | --- |"]
    summary += [
        f"| [`{name}`](#{name}) | {cell(command.get_short_help_str(200))} |" for name, command in commands.items()
    ]
    return "\n\n".join([_INTRODUCTION, "\n".join(summary), *(_section(*each) for each in commands.items())]) + "\n"


def _section(name: str, command: click.Command) -> str:
    context = click.Context(command, info_name=name, parent=click.Context(reluctant, info_name="reluctant"))
    usage = " ".join(["reluctant", name, *command.collect_usage_pieces(context)])
    parts = [f"## {name}", f"    {usage}", _paragraphs(command.help or "")]
    options = [record for p in command.get_params(context) if (record := p.get_help_record(context))]
    if options:
        rows = ["| option | meaning |", "| --- | --- |"]
        parts.append("\n".join([*rows, *(f"| `{cell(label)}` | {_plain(text)} |" for label, text in options)]))
    return "\n\n".join(parts)


def _paragraphs(text: str) -> str:
    """The help of a command; lines that click leaves as they are become a block."""
    parts = []
    for paragraph in re.split(r"\n\s*\n", text.replace("\f", "").strip()):
        lines = [line.strip() for line in paragraph.splitlines()]
        parts.append(
            "\n".join(f"    {line}" for line in lines[1:]) if lines[0] == "\b" else _plain(" ".join(lines), table=False)
        )
    return "\n\n".join(parts)


def _plain(text: str, *, table: bool = True) -> str:
    """A text without Markdown's own signs, code in backticks apart."""
    pieces = re.split(r"(`[^`]*`)", cell(text) if table else text)
    return "".join(p if p.startswith("`") else re.sub(r"([*_<\[\]])", r"\\\1", p) for p in pieces)
