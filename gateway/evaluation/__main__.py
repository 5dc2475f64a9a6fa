"""`tidegate-evaluate questions.jsonl`: asks a running gateway and prints how good its answers are.

The questions are asked as a person: with TIDEGATE_TOKEN, an access token, or with TIDEGATE_EMAIL and TIDEGATE_PASSWORD
of somebody who can sign in at SUPABASE_URL with SUPABASE_PUBLISHABLE_KEY. Without them they are asked as nobody, who
reads what is public.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from gateway.evaluation.asking import Asker, AskingError, SignIn, password_sign_in
from gateway.evaluation.figures import Asked, figures
from gateway.evaluation.questions import Question, QuestionsError, read_questions
from gateway.evaluation.report import Demand, DemandError, as_json, table

MET, MISSED, FAILED = 0, 1, 2


def main(arguments: list[str] | None = None) -> int:
    """0: every demand is met; 1: one is not; 2: it could not be measured, with the reason on the standard error."""
    options = _parser().parse_args(arguments)
    try:
        demands = [Demand.read(text, is_least=True) for text in options.min]
        demands += [Demand.read(text, is_least=False) for text in options.max]
        asked = _ask(read_questions(options.questions), options.gateway, os.environ)
        found = figures(asked)
        complaints = [complaint for demand in demands if (complaint := demand.complaint(found))]
    except (AskingError, DemandError, QuestionsError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return FAILED
    sys.stdout.write(f"{as_json(found, asked) if options.json else table(found)}\n")
    for complaint in complaints:
        sys.stderr.write(f"Not met: {complaint}.\n")
    return MISSED if complaints else MET


def sign_in_of(environment: Mapping[str, str]) -> SignIn:
    """How the person of these variables signs in. AskingError where one is missing."""
    token = environment.get("TIDEGATE_TOKEN")
    if token:
        return lambda: token
    if not environment.get("TIDEGATE_EMAIL"):
        sys.stderr.write("Asking as nobody, who reads what is public: set TIDEGATE_TOKEN to ask as a person.\n")
        return lambda: None
    names = ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "TIDEGATE_EMAIL", "TIDEGATE_PASSWORD")
    missing = [name for name in names if not environment.get(name)]
    if missing:
        raise AskingError(f"To sign in as {environment['TIDEGATE_EMAIL']}, set {' and '.join(missing)} as well.")
    return password_sign_in(*(environment[name] for name in names))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tidegate-evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("questions", type=Path, help="JSON lines: docs/answers.md has the format")
    parser.add_argument("--gateway", help="its address; GATEWAY_URL where it is left out")
    parser.add_argument("--json", action="store_true", help="print the figures and every question as JSON")
    parser.add_argument("--min", action="append", default=[], metavar="NAME=NUMBER", help="least value of a figure")
    parser.add_argument("--max", action="append", default=[], metavar="NAME=NUMBER", help="most value of a figure")
    return parser


def _ask(questions: Sequence[Question], gateway: str | None, environment: Mapping[str, str]) -> list[Asked]:
    url = gateway or environment.get("GATEWAY_URL")
    if not url:
        raise AskingError("Which gateway? Set GATEWAY_URL, or use --gateway.")
    asked = []
    with Asker(url, sign_in_of(environment)) as asker:
        for number, question in enumerate(questions, 1):
            asked.append(Asked(question, asker.ask(question)))
            if sys.stderr.isatty():
                sys.stderr.write(f"\rasked {number:,} of {len(questions):,}")
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    return asked


if __name__ == "__main__":
    sys.exit(main())
