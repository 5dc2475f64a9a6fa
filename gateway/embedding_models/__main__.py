"""`tidegate-models`: list, register, backfill, compare, switch and drop embedding models.

Run by the owner of the tables: DATABASE_URL. The models' embedders are those of the settings, EMBEDDER_… and
NEXT_EMBEDDER_…; the gateway and the worker use whichever is active.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gateway.config.settings import Settings
from gateway.database.connection import Connection, DatabaseError, connect
from gateway.embedding_models.backfill import Progress, backfill, build_index
from gateway.embedding_models.compare import compare, read_questions
from gateway.embedding_models.registry import Coverage, ModelError, Registry
from gateway.embeddings import Embedder, EmbeddingError, create_embedder


def main(arguments: list[str] | None = None) -> int:
    """Run a command; 0 when it is done, 1 when it cannot be, with the reason on the standard error."""
    options = _parser().parse_args(arguments)
    url = os.environ.get("DATABASE_URL")
    if not url:
        sys.stderr.write("DATABASE_URL is not set: the models are changed by the owner of the tables.\n")
        return 1
    try:
        asyncio.run(_run(options, url, Settings()))
    except (ModelError, EmbeddingError, DatabaseError, OSError) as error:
        sys.stderr.write(f"{str(error).strip()}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tidegate-models", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every model, and how much of the collection has its vectors")
    for command, what in (
        ("register", "add the model of an embedder of the settings, with its index"),
        ("backfill", "embed what has no vector of the model, and index it; can be interrupted and begun again"),
        ("switch", "make it the model that search uses"),
        ("drop", "remove it with its vectors and indexes"),
    ):
        commands.add_parser(command, help=what).add_argument("name")
    commands.choices["switch"].add_argument(
        "--incomplete",
        action="store_true",
        help="even when chunks lack its vector: they are found by words meanwhile",
    )
    comparing = commands.add_parser("compare", help="two models on the same questions")
    comparing.add_argument("old")
    comparing.add_argument("new")
    comparing.add_argument("questions", type=Path, help='JSON lines: {"query": "…", "relevant": {"title": 3}}')
    return parser


async def _run(options: argparse.Namespace, url: str, settings: Settings) -> None:
    connection = await connect(url, "tidegate-models")
    embedders = [create_embedder(choice) for choice in settings.embedders]
    try:
        registry = Registry(connection)
        match options.command:
            case "list":
                _list(await registry.models())
            case "register":
                embedder = _embedder(embedders, options.name)
                await registry.register(embedder.name, embedder.dimensions)
                _list(await registry.models())
            case "backfill":
                await _fill(registry, _embedder(embedders, options.name), await registry.model(options.name))
            case "compare":
                await _compare(connection, registry, embedders, options)
            case "switch":
                await _switch(registry, await registry.model(options.name), incomplete=options.incomplete)
            case "drop":
                await registry.drop((await registry.model(options.name)).name)
                _say(f"{options.name} is gone.")
    finally:
        for embedder in embedders:
            await embedder.aclose()
        await connection.close()


def _embedder(embedders: list[Embedder], name: str) -> Embedder:
    for embedder in embedders:
        if embedder.name == name:
            return embedder
    known = " and ".join(embedder.name for embedder in embedders)
    raise ModelError(f"The settings name {known}, not {name}: set NEXT_EMBEDDER, NEXT_EMBEDDER_MODEL and the others.")


async def _fill(registry: Registry, embedder: Embedder, model: Coverage) -> None:
    with _progress("embedding", model.chunks - model.embedded) as progress:
        added = await backfill(registry, embedder, model, progress)
    with _progress("indexing", added + model.waiting) as progress:
        indexed = await build_index(registry, model, progress)
    _say(f"{model.name}: {added:,} vectors added, {indexed:,} indexed.")
    _list(await registry.models())


async def _compare(
    connection: Connection, registry: Registry, embedders: list[Embedder], options: argparse.Namespace
) -> None:
    names = (options.old, options.new)
    models = [await registry.model(name) for name in names]
    questions = read_questions(options.questions)
    found = await compare(connection, models, [_embedder(embedders, name) for name in names], questions)
    _say(f"{found.questions} questions: {found.overlap:.0%} of the first ten are the same.")
    for name, score in zip(names, (found.old_ndcg, found.new_ndcg), strict=True):
        if score is not None:
            _say(f"nDCG@10 of {name}: {score:.3f}")


async def _switch(registry: Registry, model: Coverage, *, incomplete: bool) -> None:
    missing = model.chunks - model.embedded
    if missing and not incomplete:
        raise ModelError(
            f"{missing:,} chunks have no vector of {model.name} yet: run backfill, or switch with --incomplete."
        )
    await registry.switch(model.name)
    _list(await registry.models())


def _list(models: list[Coverage]) -> None:
    _say(f"{'model':40} {'dimensions':>10} {'vectors':>12} {'of':>12} {'to index':>10}")
    for model in models:
        mark = "  active" if model.is_active else ""
        counts = f"{model.embedded:>12,} {model.chunks:>12,} {model.waiting:>10,}"
        _say(f"{model.name:40} {model.dimensions:>10} {counts}{mark}")


@contextmanager
def _progress(what: str, total: int) -> Iterator[Progress]:
    """A bar on a terminal, nothing elsewhere; it grows when more comes than was there at first."""
    done = 0

    def report(count: int) -> None:
        nonlocal done
        done += count
        if sys.stderr.isatty():
            share = min(1.0, done / max(total, done, 1))
            sys.stderr.write(f"\r{what} {'█' * int(40 * share):40} {done:,} of {max(total, done):,}")
            sys.stderr.flush()

    yield report
    if sys.stderr.isatty() and done:
        sys.stderr.write("\n")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
