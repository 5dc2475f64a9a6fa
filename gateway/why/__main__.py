"""`tidegate-why`: why a search finds, or does not find, a document or product, as one person sees it.

It asks what POST /v1/search answers with `explain`, as the person with this id, by the gateway's own login:
GATEWAY_DATABASE_URL. What that person may not read is `unknown` here as well.
"""

import argparse
import asyncio
import json
import sys
from typing import Any
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from gateway.auth.caller import ANONYMOUS, Caller
from gateway.config.settings import Settings
from gateway.database.pool import Database
from gateway.embeddings import EmbeddingError, create_embedder
from gateway.errors import GatewayError
from gateway.search.query_embedding import QueryEmbedder
from gateway.search.schemas import Mode, SearchRequest, SearchResponse
from gateway.search.service import SearchService
from gateway.why.report import report

DEADLINE_S = 30.0
"""An operator waits longer than a caller: the model is loaded first, and an exact search may take seconds."""


def main(arguments: list[str] | None = None) -> int:
    """Print the explanation; 0 when there is one, 1 when there cannot be, with the reason on the standard error."""
    options = _parser().parse_args(arguments)
    settings = Settings(database_timeout_s=DEADLINE_S, request_timeout_s=DEADLINE_S, embedder_timeout_s=DEADLINE_S)
    if settings.gateway_database_url is None:
        sys.stderr.write("GATEWAY_DATABASE_URL is not set: the login of the gateway, which acts as the person.\n")
        return 1
    try:
        request = _request(options)
        answer = asyncio.run(_explained(settings, request, _caller(options.person, is_staff=options.staff)))
    except ValidationError as error:
        sys.stderr.write("".join(f"{_place(each['loc'])}: {each['msg']}\n" for each in error.errors()))
        return 1
    except (GatewayError, EmbeddingError, ValueError) as error:
        sys.stderr.write(f"{error.detail if isinstance(error, GatewayError) else error}\n")
        return 1
    sys.stdout.write(answer.model_dump_json(indent=2) + "\n" if options.json else report(answer))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tidegate-why", description=__doc__)
    parser.add_argument("query", help="as the person typed it")
    parser.add_argument(
        "ids", nargs="*", type=UUID, help="documents and products of which to say why they are not in the list"
    )
    parser.add_argument("--person", type=UUID, help="id of the person; without it, a visitor")
    parser.add_argument("--staff", action="store_true", help="the person's token says that it is of staff")
    parser.add_argument("--request", default="{}", help='other fields of the search, as JSON: \'{"mode": "keyword"}\'')
    parser.add_argument("--json", action="store_true", help="print the whole answer of POST /v1/search")
    return parser


def _request(options: argparse.Namespace) -> SearchRequest:
    """The search that is explained; ValueError."""
    fields = TypeAdapter(dict[str, Any]).validate_json(options.request)
    return SearchRequest.model_validate({**fields, "query": options.query, "explain": True, "explain_ids": options.ids})


def _caller(person: UUID | None, *, is_staff: bool) -> Caller:
    """Somebody with the claims that the person's token has, as far as they decide what is seen."""
    if person is None:
        return ANONYMOUS
    claims = {"role": "authenticated", "sub": str(person), "aud": "authenticated", "app_metadata": {"staff": is_staff}}
    return Caller(person, json.dumps(claims))


async def _explained(settings: Settings, request: SearchRequest, caller: Caller) -> SearchResponse:
    """The answer, with its explanation; a GatewayError."""
    assert settings.gateway_database_url is not None
    policies = settings.policies
    database = Database(settings.gateway_database_url.get_secret_value(), policies.database, pool_size=2)
    embedders = [create_embedder(choice) for choice in settings.embedders]
    try:
        await database.open()
        for embedder in embedders if request.mode is not Mode.KEYWORD else ():
            await embedder.warm_up()
        queries = QueryEmbedder(embedders, database, policies.embedder)
        return await SearchService(database, queries).search(request, caller)
    finally:
        for embedder in embedders:
            await embedder.aclose()
        await database.close()


def _place(path: tuple[int | str, ...]) -> str:
    return ".".join(map(str, path)) or "request"


if __name__ == "__main__":
    sys.exit(main())
