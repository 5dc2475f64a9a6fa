"""Runs the blocks of a documentation page from top to bottom, each language in a process that lasts for the page.

The processes work as the reader does, in a directory in which `.tidegate/env` is that of the running stack. Before each
block its process waits for a line, and after it prints a mark, so that blocks of several languages run in the order of
the page.
"""

import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gateway.local.bootstrap import deno_command
from gateway.local.paths import REPOSITORY
from tests.support.documentation import Block
from tests.support.waiting import PATIENCE_S

MARK = "--- end of block ---"
SHELL = """\
set -eu -o pipefail
refused=
curl() { if [ -n "$refused" ]; then command curl "$@"; else command curl --fail-with-body "$@"; fi; }
"""
# What a client is refused is printed and fails the block, as the code of a page does not look at every answer.
JAVASCRIPT = """\
import process from "node:process";
const __lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream()).getReader();
let __refused = [];
const __fetch = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const response = await __fetch(input, init);
  if (!response.ok) __refused.push(response.status + " " + await response.clone().text());
  return response;
};
function __end(mayRefuse) {
  if (__refused.length > 0 && !mayRefuse) { console.error(__refused.join("\\n")); Deno.exit(1); }
  __refused = [];
  console.log("MARK");
}
""".replace("MARK", MARK)
PYTHON = f"""\
import sys
import warnings
warnings.simplefilter("ignore")
sys.path[:0] = {[str(REPOSITORY), str(REPOSITORY / "supabase" / "clients" / "python" / "src")]!r}
names = {{"__name__": "__main__"}}
def run(code, name):
    sys.stdin.readline()
    exec(compile(code, name, "exec"), names)
    print({MARK!r}, flush=True)
"""


@dataclass
class Session:
    """The processes of one page; `values` is what the stack's `env` file holds."""

    directory: Path
    environment: Mapping[str, str]
    values: Mapping[str, str]
    running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    def run(self, prelude: Sequence[Block], blocks: Sequence[Block]) -> dict[Block, str]:
        """What each block printed. AssertionError with what the process said where one fails.

        The prelude runs in the languages of the blocks alone.
        """
        printed: dict[Block, str] = {}
        languages = {block.language for block in blocks}
        every = [*(block for block in prelude if block.language in languages), *blocks]
        try:
            for block in every:
                if block.language not in self.running and block.language != "sql":
                    self.running[block.language] = self._start([b for b in every if b.language == block.language])
                printed[block] = self._sql(block) if block.language == "sql" else self._next(block)
        finally:
            for process in self.running.values():
                with process:  # closes its pipes and waits for it
                    process.kill()
        return printed

    def _sql(self, block: Block) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "gateway.local", "psql"],
            check=False,
            cwd=REPOSITORY,
            env=dict(self.environment),
            input=f"\\set QUIET on\n\\set ON_ERROR_STOP on\n{block.code}",
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == 0 or block.is_refused, f"{block}\n{done.stderr}"
        return done.stdout + done.stderr

    def _next(self, block: Block) -> str:
        """Let the process of the block's language run it, and read up to the mark."""
        process = self.running[block.language]
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("next\n")
        process.stdin.flush()
        lines: list[str] = []
        too_long = threading.Timer(PATIENCE_S, process.kill)
        too_long.start()
        try:
            for line in process.stdout:
                if line.rstrip("\n").endswith(MARK):
                    return "".join([*lines, line.rstrip("\n").removesuffix(MARK)])
                lines.append(line)
        finally:
            too_long.cancel()
        raise AssertionError(f"{block} failed:\n{block.code}\n{''.join(lines)}")

    def _start(self, blocks: Sequence[Block]) -> subprocess.Popen[str]:
        language = blocks[0].language
        script = self.directory / f"page.{ {'sh': 'sh', 'js': 'ts', 'python': 'py'}[language] }"
        script.write_text(_SCRIPTS[language](blocks), encoding="utf-8")
        commands = {
            "sh": ["bash", str(script)],
            "js": deno_command(script, "-A", "--no-check"),
            "python": [sys.executable, str(script)],
        }
        return subprocess.Popen(
            commands[language],
            cwd=self.directory,
            # A shell reads the file by itself.
            env={**self.environment, **({} if language == "sh" else self.values)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def _shell(blocks: Sequence[Block]) -> str:
    parts = [
        f"read -r _; refused={'yes' if block.is_refused else ''}\n{block.code}\necho '{MARK}'\n" for block in blocks
    ]
    return SHELL + "".join(parts)


def _javascript(blocks: Sequence[Block]) -> str:
    parts = [f"await __lines.read();\n{b.code}\n__end({str(b.is_refused).lower()});\n" for b in blocks]
    return f"{JAVASCRIPT}{''.join(parts)}Deno.exit(0);\n"


def _python(blocks: Sequence[Block]) -> str:
    return PYTHON + "".join(f"run({b.code!r}, {str(b)!r})\n" for b in blocks)


_SCRIPTS = {"sh": _shell, "js": _javascript, "python": _python}
