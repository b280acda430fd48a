"""The command `reluctant`: its commands, its exit status, its errors."""

import errno
import gc
import os
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from reluctant.cli.catalogue import doctor, fetch, list_
from reluctant.cli.completion import completion
from reluctant.cli.judge import compare, judge
from reluctant.cli.report import export, report, status, upgrade
from reluctant.cli.run import run
from reluctant.cli.terminal import colours
from reluctant.core.display import visible
from reluctant.core.errors import ReluctantError, StudyError
from reluctant.core.extensions import extensions, load_object
from reluctant.core.plain_signs import accept_any_encoding

DONE, SOME_FAILED, CANNOT, BUG, INTERRUPTED = 0, 1, 2, 70, 130
CLOSED_PIPE = 141  # as of a program that the signal SIGPIPE ends


FIRST_COMMANDS = """\
Which activation function should this network use, and is the difference real?

Type first:
  reluctant run quick           compare four activations on bundled digits
Then:
  reluctant run mine.toml       your network and data (docs/study.md)
  reluctant judge runs.csv      which differences in a table of runs are real?
  reluctant show gelu           formula, curve and facts of an activation
  reluctant list activations    the names that a study may use
  reluctant doctor              this machine and its versions

  reluctant --help              all commands
  reluctant COMMAND --help      the options of one command
  reluctant completion --help   complete commands and names with the Tab key
"""


class Commands(click.Group):
    """The commands; an exit that code of the user's asks for in one of them is an error."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was called."""
        try:
            return super().invoke(ctx)
        except SystemExit as fault:
            if isinstance(fault.__context__, BrokenPipeError):  # Rich makes an exit of it
                raise
            raise StudyError(
                f"your code ended the program (sys.exit({fault.code!r})); let it return or raise an error"
            ) from fault


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    invoke_without_command=True,
)
@click.version_option(package_name="reluctant")
@click.pass_context
def reluctant(context: click.Context) -> None:
    """Which activation function should this network use, and is the difference real?

    Start with `reluctant run quick`, which needs no download. `reluctant completion --help` says how the Tab key
    completes commands and names.
    """
    if context.invoked_subcommand is None:
        click.echo(FIRST_COMMANDS, nl=False)


for command in (run, judge, report, export, list_, fetch, status, doctor, upgrade, completion, compare):
    reluctant.add_command(command)
for reference in (each for extension in extensions() for each in extension.commands):
    reluctant.add_command(load_object(reference))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its status.

    Imported modules stay, so garbage collection over their objects is rare: it took a quarter of the start
    and a second at the end.
    """
    os.environ["MPLBACKEND"] = "agg"  # figures are files; a backend that does not exist would end the command
    accept_any_encoding()
    gc.set_threshold(50_000)
    status = execute(arguments)
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        status = _leave_pipe()
    gc.freeze()
    sys.exit(status)


def execute(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 some runs failed, 2 cannot be done, 130 interrupted, 141 closed pipe, 70 a bug."""
    try:
        status: int | None = reluctant.main(args=arguments, standalone_mode=False, color=colours())
    except click.ClickException as fault:
        fault.show()
        return CANNOT
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted", INTERRUPTED)
    except ReluctantError as fault:
        return _fail(str(fault), CANNOT)
    except (BrokenPipeError, SystemExit):  # the reader is gone, as with `| head`; Click and Rich exit then
        return _leave_pipe()
    except MemoryError:
        return _fail(
            "there is not enough memory; all finished runs are safe. Close other programs, or train fewer runs at a "
            "time (run: --workers 1), and type the same command again.",
            CANNOT,
        )
    except OSError as fault:
        return _fail(system_error(fault), CANNOT)
    except Exception:
        click.echo(visible(traceback.format_exc()), err=True, nl=False)
        return _fail("this is a bug in reluctant, not your mistake; all finished runs are safe", BUG)
    return status or DONE


def system_error(fault: OSError) -> str:
    """An error of the operating system in words, with what to do about the most common one."""
    where = f": {fault.filename}" if fault.filename else ""
    if fault.errno == errno.ENOSPC:
        return f"the disk is full{where}; finished runs are safe. Make room and type the same command again."
    if fault.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        hint = "ask its owner for the permission, or choose another folder (run: -o FOLDER)"
        return f"{fault.strerror}{where}; {hint}"
    if fault.errno == errno.EIO:
        hint = "the disk, or the network to it, has a fault; finished runs are safe. Copy the folder to another disk"
        return f"{fault.strerror}{where}; {hint}"
    return f"{fault.strerror or fault}{where}"


def _leave_pipe() -> int:
    """Write nothing more to a pipe whose reader is gone, not even what is still to be flushed at the end."""
    with suppress(OSError, ValueError):  # a stream that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return CLOSED_PIPE


def _fail(message: str, status: int) -> int:
    click.echo(f"reluctant: {visible(message)}", err=True)
    return status
