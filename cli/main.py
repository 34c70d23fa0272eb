"""`dealwire`: the one door."""

from __future__ import annotations

import importlib
import os
import sys

import click

from runtime.errors import DealwireError
from runtime.logs import get_logger

COMMANDS = {
    "demo": "Try it: seeds through an embedded broker into SQLite.",
    "topics": "Create the topics, or check them.",
    "replay": "Publish articles from files, folders and archives.",
    "publish": "Publish articles from standard input or files.",
    "watch": "Publish what is put into a folder.",
    "receive": "Run a server that articles are pushed to.",
    "feeds": "Follow feeds: list, add, check and poll them.",
    "process": "Run a worker: articles in, deal events out.",
    "sink": "Run the sink: topics into SQLite, exactly once.",
    "subscribe": "Print deal events as they come.",
    "deals": "List the deals in the SQLite file.",
    "extract": "Read articles from files, without Kafka.",
    "explain": "Show why an article gave its deals.",
    "dead-letters": "See what could not be read, and send it again.",
    "status": "Topics, lag, rows, dead letters.",
}


class LazyGroup(click.Group):
    """A command's module is loaded when the command is run: `--help` stays quick."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="dealwire", prog_name="dealwire")
def cli() -> None:
    """Who buys, funds, lends to or supplies whom: deals out of the news, within seconds.

    Settings come from DEALWIRE_ variables or options. Exit codes: 0 done, 1 failed, 2 wrong
    usage, 3 no Kafka, 4 topics, 5 SQLite file, 6 another sink took over, 7 offsets do not fit,
    8 done but some input was skipped, 130 interrupted.
    """


def main() -> None:
    """Run the command line; errors that people can mend are one line, the rest a traceback."""
    try:
        cli.main(standalone_mode=False)
    except DealwireError as error:
        if os.environ.get("DEALWIRE_LOG_FORMAT") == "json":  # as in containers
            get_logger(__name__).error("stopped", error=str(error), exit_code=error.exit_code)
        else:
            click.echo(f"dealwire: {error}", err=True)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.Abort:
        click.echo("dealwire: interrupted", err=True)
        sys.exit(130)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # whoever read us has had enough
        sys.exit(0)


if __name__ == "__main__":
    main()
