"""The commands of the local stack. A LocalError is printed without a traceback; the exit status is then 1."""

import argparse
import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from gateway.local.cluster_directory import wheel_installation
from gateway.local.errors import LocalError
from gateway.local.settings import LocalSettings, names_project
from gateway.local.state import State
from gateway.migrations.errors import PreparationError
from gateway.migrations.runner import migrate


def main(arguments: Sequence[str]) -> int:
    """Run one command, and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m gateway.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="start the stack and watch over it")
    run.add_argument(
        "--stop-with", metavar="PID", type=int, help="stop when this process, the parent, is interrupted or dies"
    )
    commands.add_parser("reset", help="delete the database, the keys and everything else that the stack has made")
    commands.add_parser("migrate", help="apply what is pending to DATABASE_URL, else to the running local stack")
    commands.add_parser("seed", help="seed the running stack, or the project that the environment names")
    commands.add_parser("demo-large", help="add a big corpus to the running stack")
    commands.add_parser("clear-files", help="remove files whose document is gone from Storage")
    commands.add_parser("psql", help="open a database session as postgres")
    options = parser.parse_args(arguments)
    try:
        _run_command(options, os.environ)
    except (LocalError, PreparationError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except psycopg.Error as error:
        print(f"\nthe database refused (SQLSTATE {error.sqlstate}): {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _run_command(options: argparse.Namespace, environment: Mapping[str, str]) -> None:
    # Imported when wanted: `run` shall be ready soon, and most commands need little.
    match options.command:
        case "run":
            from gateway.local.run import run  # noqa: PLC0415

            run(environment, parent=options.stop_with)
        case "reset":
            _reset(environment)
        case "migrate":
            _migrate(environment)
        case "seed":
            from gateway.local.seed import seed  # noqa: PLC0415

            asyncio.run(seed(_stack_values(environment), print))
        case "demo-large":
            from gateway.local.demo_large import demo_large  # noqa: PLC0415

            asyncio.run(demo_large(_stack_values(environment), print))
        case "clear-files":
            from gateway.local.clear_files import clear_files  # noqa: PLC0415

            asyncio.run(clear_files({**environment, **_stack_values(environment)}, print))
        case "psql":
            _open_psql(_stack_values(environment)["DATABASE_URL"])


def _reset(environment: Mapping[str, str]) -> None:
    state = State(LocalSettings.read(environment).home)
    state.reset()
    print(f"removed what the stack kept in {state.home}")


def _migrate(environment: Mapping[str, str]) -> None:
    if url := environment.get("DATABASE_URL"):
        done = len(migrate(url, print))
    else:
        from gateway.local.start import migrate_local, open_cluster  # noqa: PLC0415

        settings = LocalSettings.read(environment)
        state = State(settings.home)
        port = urlsplit(state.read_env()["DATABASE_URL"]).port  # read_env says so when nothing runs
        settings = replace(settings, postgres_port=port or settings.postgres_port)
        done = migrate_local(*open_cluster(settings, state, print), state, print)
    print("nothing to do: every migration is applied" if done == 0 else f"{done} migrations applied")


def _open_psql(url: str) -> None:
    """Become psql. What it connects to goes by the environment: other people can read a process's arguments."""
    names = {"dbname": "PGDATABASE", "host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD"}
    parameters = conninfo_to_dict(url)
    variables = {variable: str(parameters[name]) for name, variable in names.items() if name in parameters}
    program = str(wheel_installation() / "bin" / "psql")
    os.execve(program, [program], {**os.environ, **variables})  # noqa: S606


def _stack_values(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Where the stack is: the environment when it names a project, else the env file of the local one."""
    if names_project(environment):
        return environment
    return State(LocalSettings.read(environment).home).read_env()
