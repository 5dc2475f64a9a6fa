"""`python -m gateway.local <command>`, which the Makefile calls."""

import sys

from gateway.local.cli import main

sys.exit(main(sys.argv[1:]))
