"""`python -m gateway.worker` with minutes to end, where on a busy machine the seconds that it allows itself are few."""

import runpy

from gateway.worker import process
from tests.support.waiting import PATIENCE_S

if __name__ == "__main__":
    process.LAST_CALL_S = int(PATIENCE_S)
    runpy.run_module("gateway.worker", run_name="__main__")
