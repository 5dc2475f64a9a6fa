"""`python -m gateway.local` whose children have minutes to end, where on a busy machine two seconds each are few."""

import runpy

from gateway.local import supervisor
from tests.support.waiting import PATIENCE_S

if __name__ == "__main__":
    supervisor.PATIENCE_S = PATIENCE_S
    runpy.run_module("gateway.local", run_name="__main__")
