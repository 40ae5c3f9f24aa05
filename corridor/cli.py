"""The command line: ``corridor demo``, ``run``, ``simulate``, ``zones``, ``explain``, ``validate``.

Results go to standard output, everything else to standard error. An error is one line with its cause and its
cure. What is slow to import (the engine, tables, geography) is imported when a command runs, so that
``--help`` answers at once.
"""

import json
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Annotated

import typer

from corridor import __version__
from corridor.commands import (
    compare,
    document,
    explain,
    export,
    inspect,
    route,
    run,
    simulate,
    validate,
    zones,
)
from corridor.commands.options import Json
from corridor.commands.report import say
from corridor.errors import CorridorError

OK, INTERNAL, USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143

app = typer.Typer(
    name="corridor",
    help="Ship emissions between Shenzhen and Long Beach: AIS tracks to zones, maps and tables.",
    epilog="Begin with: corridor demo --out demo",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)

app.add_typer(zones.app, name="zones")


class Terminated(BaseException):
    """The system asked the program to stop."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status.

    0 is success, 2 a fault in the call or the input, 1 a fault of ours or of the machine, 130 and 143 a stop
    by the user or the system.

    >>> main(["version"])
    corridor ...
    0
    """
    with suppress(ValueError):  # only the main thread may listen to signals
        signal.signal(signal.SIGTERM, _terminate)
    try:
        status = app(args=arguments, standalone_mode=False, prog_name="corridor")
        if status == INTERRUPTED:  # typer turns the interrupt into its status, without a word
            _complain(KeyboardInterrupt())
    except (BrokenPipeError, SystemExit):  # nobody reads on (typer then leaves): let what is left go nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except BaseException as error:  # the last door: one line instead of a traceback
        if os.environ.get("CORRIDOR_DEBUG") == "1":
            traceback.print_exc()
        status = _complain(error)
    return status if isinstance(status, int) else OK


def _complain(error: BaseException) -> int:
    """Print the line of a fault; return the exit status."""
    code, message, status = _explained(error)
    say(f"error [{code}] {message}")
    return status


def _explained(error: BaseException) -> tuple[str, str, int]:
    """Code, line and exit status of what went wrong."""
    again = "stopped before the end; no result was written; run it again"
    match error:
        case typer.TyperException():
            return "usage", f"{error.format_message().rstrip('.')}; see corridor --help", USAGE
        case CorridorError():
            return error.code, error.message, USAGE
        case KeyboardInterrupt() | typer.Abort():
            return "interrupted", again, INTERRUPTED
        case Terminated():
            return "terminated", again, TERMINATED
        case OSError():
            return "system", f"{error}; expected it to succeed; check the place and its free space", INTERNAL
    found = f"found an unexpected {type(error).__name__}: {error}"
    cure = "this is a fault of corridor: set CORRIDOR_DEBUG=1 for the traceback and report it"
    return "internal", f"{found}; expected none; {cure}", INTERNAL


# Commands


@app.callback(invoke_without_command=True)
def _root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(f"corridor {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command(epilog=run.DEMO_EXAMPLES)(run.demo)
app.command(epilog=run.RUN_EXAMPLES)(run.run)
app.command(epilog=simulate.EXAMPLES)(simulate.simulate)
app.command(epilog=explain.EXAMPLES)(explain.explain)
app.command(epilog=inspect.EXAMPLES)(inspect.inspect)
app.command(epilog=validate.EXAMPLES)(validate.validate)
app.command(epilog=route.EXAMPLES)(route.route)
app.command(epilog=compare.EXAMPLES)(compare.compare)
app.command(epilog=export.EXPORT_EXAMPLES)(export.export)
app.command(epilog=document.EXAMPLES)(document.report)
app.command(epilog=export.MERGE_EXAMPLES)(export.merge)


@app.command()
def version(as_json: Json = False) -> None:
    """Print the version."""
    if as_json:
        typer.echo(json.dumps({"corridor": __version__, "python": sys.version.split()[0]}))
    else:
        typer.echo(f"corridor {__version__}")


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated
