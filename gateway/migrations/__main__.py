"""`tidegate-migrate`: apply the migrations that a database lacks, and give the two logins their passwords.

Run as the owner of the tables: DATABASE_URL. A login gets the password in the URL that its process will use
(GATEWAY_DATABASE_URL, WORKER_DATABASE_URL); without such a URL its password stays. `supabase db push` may apply the
migrations as well, before or afterwards.
"""

import argparse
import os
import sys

import psycopg
from pydantic import ValidationError

from gateway.config.settings import Settings
from gateway.config.types import sentence
from gateway.migrations.errors import PreparationError
from gateway.migrations.passwords import passwords_of, set_passwords
from gateway.migrations.runner import migrate, pending


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; 0 when it is done, 1 when it cannot be, with the reason on the standard error."""
    parser = argparse.ArgumentParser(
        prog="tidegate-migrate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="list what would be applied, and change nothing")
    options = parser.parse_args(arguments)
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.stderr.write("DATABASE_URL is not set: it is the project's connection string as postgres.\n")
        return 1
    try:
        passwords = passwords_of(Settings())
        if options.check:
            _say_what_is_pending(url, passwords)
        else:
            _prepare(url, passwords)
    except ValidationError as error:
        sys.stderr.writelines(f"{sentence(problem)}\n" for problem in error.errors())
        return 1
    except PreparationError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except psycopg.Error as error:
        sys.stderr.write(f"The database refused (SQLSTATE {error.sqlstate}): {str(error).strip()}\n")
        return 1
    return 0


def _say_what_is_pending(url: str, passwords: dict[str, str]) -> None:
    for migration in pending(url):
        _say(f"would apply {migration.path.name}")
    for login in passwords:
        _say(f"would set the password of {login}")


def _prepare(url: str, passwords: dict[str, str]) -> None:
    done = migrate(url, _say)
    _say(f"{len(done)} migrations applied" if done else "every migration is applied")
    set_passwords(url, passwords)
    for login in passwords:
        _say(f"set the password of {login}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
