"""`make conformance`: calls of supabase-js against a project, compared with what the hosted services answer.

The project is named by SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_SECRET_KEY; without them the local stack is
compared, on a scratch server. Exits with 1 when a call is answered otherwise than expected.toml says, the known
differences of the local stack apart. With --write, the table of docs/differences.md is written from those.
"""

import argparse
import os
import sys

from tests.conformance.comparing import compared, table, write
from tests.conformance.programs import supabase_js
from tests.conformance.scratch import scratch_project

NAMES = ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY")


def main() -> int:
    """Compare, and say what is different."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the table of docs/differences.md")
    arguments = parser.parse_args()
    is_local = not all(name in os.environ for name in NAMES)
    if not is_local:
        answers = supabase_js({name: os.environ[name] for name in NAMES})
    else:
        with scratch_project() as environment:
            answers = supabase_js(environment)
    findings = compared(answers, is_local=is_local)
    print(table(findings))
    if arguments.write:
        write(findings)
    return int(any(finding.is_news for finding in findings))


if __name__ == "__main__":
    sys.exit(main())
