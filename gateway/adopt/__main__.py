"""`tidegate-adopt PATH`: shows what an existing application is and what would be put beside it; --write puts it there.

It changes no file of the application. It looks at a copy, in a process without network.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path

from gateway.adopt.errors import AdoptError, AmbiguousError
from gateway.adopt.facts import read_facts
from gateway.adopt.looking import interpreter, look
from gateway.adopt.manifest import undo, write
from gateway.adopt.plan import planned
from gateway.adopt.proof.proving import prove, told
from gateway.adopt.report import summary


def main(arguments: list[str] | None = None) -> int:
    """Do what is asked for; 0 when it is done, 1 with a sentence on the standard error when it cannot be."""
    options = _parser().parse_args(arguments)
    application = Path(options.path)
    try:
        if options.undo:
            return _undo(application)
        return _adopt(application, options)
    except AdoptError as error:
        sys.stderr.write(f"{error}\n")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tidegate-adopt", description=__doc__)
    parser.add_argument("path", help="the application's folder")
    parser.add_argument("--entry", help="the entry point: module:name, module:factory(), or the file that Node runs")
    parser.add_argument(
        "--python", help="the interpreter that has the application's requirements; its .venv by default"
    )
    parser.add_argument(
        "--env-file", type=Path, help="variables that the application needs to start, a NAME=value a line"
    )
    parser.add_argument(
        "--network", action="store_true", help="let the application open connections while it is loaded"
    )
    parser.add_argument(
        "--prove", action="store_true", help="start it as it was and as it becomes, and compare answers"
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--write", action="store_true", help="write the files that are shown")
    action.add_argument("--undo", action="store_true", help="remove the files that --write wrote")
    return parser


def _undo(application: Path) -> int:
    for path in undo(application).kept:
        sys.stdout.write(f"kept, because it was changed: {path}\n")
    sys.stdout.write("Everything else that tidegate-adopt had written is removed.\n")
    return 0


def _adopt(application: Path, options: argparse.Namespace) -> int:
    environment = _environment(options.env_file)
    entry = options.entry
    while True:
        try:
            found = look(
                application, entry=entry, python=options.python, environment=environment, network=options.network
            )
            break
        except AmbiguousError as error:
            if entry is not None or not sys.stdin.isatty():
                raise
            entry = _asked(error)
    facts = read_facts(application, found.entry)
    for name, value in summary(found, facts):
        sys.stdout.write(f"{name:26} {value.replace('`', '')}\n")
    if options.prove:
        proof = prove(application, found, facts, options.python or interpreter(application), environment)
        sys.stdout.write(f"\n{told(proof)}")
        if not proof.holds:
            raise AdoptError("The proof does not hold: nothing was written.")
    files = planned(application, found, facts)
    if not options.write:
        sys.stdout.write("\nWould be written with --write; nothing else is touched:\n")
        sys.stdout.write("".join(f"  {path}\n" for path in files))
        return 0
    written = write(application, files)
    for what, paths in (("written", written.added), ("kept, because it was changed", written.kept)):
        sys.stdout.write("".join(f"{what}: {path}\n" for path in paths))
    if not written.added:
        sys.stdout.write("Everything was there already: nothing was written.\n")
    return 0


def _asked(error: AmbiguousError) -> str:
    sys.stdout.write(f"{error.question}\n")
    for number, choice in enumerate(error.choices, 1):
        sys.stdout.write(f"  {number}  {choice}\n")
    said = input("Number: ").strip()
    if not said.isdecimal() or not 1 <= int(said) <= len(error.choices):
        raise error
    return error.choices[int(said) - 1]


def _environment(file: Path | None) -> Mapping[str, str]:
    if file is None:
        return {}
    if not file.is_file():
        raise AdoptError(f"--env-file names {file}, which is no file.")
    lines = [line.strip() for line in file.read_text(encoding="utf-8").splitlines()]
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


if __name__ == "__main__":
    sys.exit(main())
