"""Writes a document with its files as the caller, or nothing of it."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gateway.auth.caller import Caller
from gateway.clients.documents import Documents
from gateway.documents.schemas import DocumentState
from gateway.errors import GatewayError

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Upload:
    """A file of the request."""

    name: str
    content_type: str
    data: bytes


class DocumentService:
    """What the routes do."""

    def __init__(self, documents: Documents) -> None:
        """Write and read by `documents`."""
        self._documents = documents

    async def add(self, caller: Caller, row: Mapping[str, Any], uploads: Sequence[Upload]) -> DocumentState:
        """Insert the document, then upload its files; when one is refused, remove it again. A GatewayError."""
        token = _token(caller)
        document = await self._documents.create(token, row)
        try:
            for upload in uploads:
                await self._documents.upload(token, document, upload.name, upload.data, upload.content_type)
        except GatewayError:
            await self._take_back(token, document)
            raise
        return await self.state(caller, document)

    async def state(self, caller: Caller, document: UUID) -> DocumentState:
        """How far it is. NotFoundError."""
        return DocumentState(**await self._documents.state(caller.token, document))

    async def _take_back(self, token: str, document: UUID) -> None:
        try:
            await self._documents.remove(token, document)
        except GatewayError as error:
            logger.warning("document %s stays without its files: %s", document, error)


def _token(caller: Caller) -> str:
    assert caller.token is not None, "the route lets in who is signed in"
    return caller.token
