"""A project to talk to from outside: the one the environment names, else a local stack of the session's own.

Nothing below knows which it is: the same tests run against `supabase start` or a hosted project once SUPABASE_URL,
SUPABASE_PUBLISHABLE_KEY, SUPABASE_SECRET_KEY and DATABASE_URL are set.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from dotenv import dotenv_values

from gateway.local.os_accounts import die_with_parent
from gateway.local.paths import REPOSITORY
from tests.support import image, wait_until
from tests.support.ports import free_port
from tests.support.runs import PATIENT
from tests.support.waiting import PATIENCE_S

# With TEST_IMAGE gateway and worker run from that image (make test-image).
RUN = "gateway.local" if image.NAME is None else "tests.support.image_run"


@pytest.fixture(scope="session")
def project(logs: Path) -> Iterator[dict[str, str]]:
    """The `env` file of a running project: URLs, keys, demo accounts."""
    home = Path(tempfile.mkdtemp(prefix="tidegate-e2e-"))
    home.chmod(0o711)
    names = ("GATEWAY_PORT", "SUPABASE_PORT", "POSTGRES_PORT", "OPERATIONS_PORT")
    ports = {name: str(free_port()) for name in names}
    unlimited = {"RATE_LIMIT": "", "RATE_LIMIT_ADDRESS": ""}  # all tests come from one address
    log = logs / "e2e.log"
    with log.open("ab") as output:
        run = subprocess.Popen(
            [sys.executable, "-m", RUN, "run"],
            cwd=REPOSITORY,
            env={**os.environ, **PATIENT, **unlimited, **ports, "TIDEGATE_HOME": str(home)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  one system call, no lock taken
        )

    def is_ready() -> bool:
        assert run.poll() is None, log.read_text(encoding="utf-8")[-4000:]
        return (home / "env").exists()

    try:
        wait_until(is_ready, "the stack being ready", every_s=0.1)
        yield {name: value or "" for name, value in dotenv_values(home / "env", interpolate=False).items()}
    finally:
        run.send_signal(signal.SIGINT)
        run.wait(PATIENCE_S)
        subprocess.run(
            [sys.executable, "-m", "gateway.local", "reset"],
            cwd=REPOSITORY,
            env={**os.environ, **ports, "TIDEGATE_HOME": str(home)},
            check=True,
            capture_output=True,
        )
