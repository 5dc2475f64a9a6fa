"""Processor time of cutting hostile texts: `python -m tests.bench.cutting [characters]`."""

import argparse
import time

from rich.console import Console
from rich.table import Table

from gateway.chunking.chunker import Chunker, Limits, Text
from gateway.chunking.clock import UncuttableError
from gateway.embeddings.onnx import OnnxEmbedder
from tests.support.hostile_texts import LONGEST, hostile_texts


def main() -> None:
    """Run the benchmark; the slowest text comes first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("characters", type=int, nargs="?", default=LONGEST)
    size = parser.parse_args().characters
    chunker = Chunker(OnnxEmbedder(threads=1))
    chunker.cut([Text("warm", "up")])
    rows = []
    for name, text in hostile_texts(size):
        start = time.thread_time()
        (result,) = chunker.cut_each([Text("Title", text)], Limits())
        seconds = time.thread_time() - start
        rows.append((seconds, name, f"failed: {result}" if isinstance(result, UncuttableError) else f"{len(result):,}"))
    table = Table("text", "processor", "chunks", title=f"{size:,} characters each")
    for seconds, name, chunks in sorted(rows, reverse=True):
        table.add_row(repr(name)[1:-1], f"{seconds:.2f} s", chunks)
    Console(width=140).print(table)


if __name__ == "__main__":
    main()
