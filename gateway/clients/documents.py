"""Documents and their files as one person writes and reads them, by the Data API and Storage."""

import json
import re
import unicodedata
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx2

from gateway.clients.stored_files import BUCKET
from gateway.errors import (
    AccountBannedError,
    AccountClosedError,
    ForbiddenError,
    GatewayError,
    InvalidInputError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
    UnavailableError,
)
from gateway.resilience import AttemptTimeoutError, DependencyError, Policy, ResiliencePipeline

STATE = "id,title,status,error,chunks_done,chunks_total,created_at,updated_at"
FILE = "name,status,error,remark,content_type,size,progress_done,progress_total,progress_unit,updated_at"
# storage-api/src/storage/limits.ts: isValidKey.
KEY = re.compile(r"[A-Za-z0-9_!.*'() &$@=;:+,?-]{1,200}")


class DocumentsUnavailableError(UnavailableError):
    """The Data API or Storage does not answer, or not as it should."""

    kind = "documents-unavailable"
    title = "Documents cannot be written or read"


class Documents:
    """The documents of one project."""

    def __init__(self, url: str, publishable_key: str, client: httpx2.AsyncClient, policy: Policy) -> None:
        """Use the project at `url`. A call is made once: it may have written before it failed."""
        self._url = url
        self._key = publishable_key
        self._client = client
        self.pipeline = ResiliencePipeline(policy, lambda error: isinstance(error, DocumentsUnavailableError))

    async def create(self, token: str, row: Mapping[str, Any]) -> UUID:
        """Insert a document; its id. A GatewayError when the database refuses it."""
        headers = {"prefer": "return=representation"}
        rows = await self._rows("POST", "documents?select=id", token, json=row, headers=headers)
        return UUID(rows[0]["id"])

    async def remove(self, token: str, document: UUID) -> None:
        """Delete a document, and its files with it as far as anybody can see."""
        await self._rows("DELETE", f"documents?id=eq.{document}&select=id", token)

    async def state(self, token: str | None, document: UUID) -> dict[str, Any]:
        """How far a document and its files are. NotFoundError for one that the caller does not see."""
        # In one request, so that both are of one moment.
        query = f"documents?id=eq.{document}&select={STATE},files:document_files({FILE})"
        rows = await self._rows("GET", query, token)
        if not rows:
            raise NotFoundError(f"There is no document {document} that you may read.")
        return {**rows[0], "files": sorted(rows[0]["files"], key=lambda file: file["name"])}

    async def upload(self, token: str, document: UUID, name: str, data: bytes, content_type: str) -> None:
        """Put a file under a document. A GatewayError when Storage refuses it."""
        key = key_of(name)
        headers = {"content-type": content_type}
        if key != name:
            headers["x-metadata"] = b64encode(json.dumps({"name": name}).encode()).decode()
        url = f"{self._url}/storage/v1/object/{BUCKET}/{document}/{quote(key)}"
        answer = await self._ask("POST", url, token, content=data, headers=headers)
        if not answer.is_success:
            raise _of_storage(answer, name)

    async def _rows(self, method: str, query: str, token: str | None, **options: Any) -> list[dict[str, Any]]:
        answer = await self._ask(method, f"{self._url}/rest/v1/{query}", token, **options)
        if not answer.is_success:
            raise _of_data_api(answer)
        if not answer.content:
            return []
        rows = answer.json()
        if not isinstance(rows, list):
            raise DocumentsUnavailableError("The Data API did not answer rows.")
        return rows

    async def _ask(self, method: str, url: str, token: str | None, **options: Any) -> httpx2.Response:
        headers = {"apikey": self._key, **options.pop("headers", {})}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"

        async def ask() -> httpx2.Response:
            try:
                answer = await self._client.request(method, url, headers=headers, **options)
            except httpx2.HTTPError as error:
                raise DocumentsUnavailableError(f"Supabase does not answer ({type(error).__name__}).") from error
            if answer.status_code >= 500:
                raise DocumentsUnavailableError(f"Supabase answered {answer.status_code}.")
            return answer

        try:
            return await self.pipeline.call(ask)
        except AttemptTimeoutError as error:
            raise DocumentsUnavailableError(f"Supabase did not answer within {error.after_s:.2g} s.") from error
        except DependencyError as error:
            raise DocumentsUnavailableError(error.reason) from error


def key_of(name: str) -> str:
    """A key that Storage takes for a file with any name: the name itself, or one that resembles it and is its own."""
    if KEY.fullmatch(name) and name == name.strip(". ") and ".." not in name:
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    stem, dot, ending = plain.rpartition(".") if "." in plain else (plain, "", "")
    words = re.sub(r"[^A-Za-z0-9]+", "-", stem).strip("-")[:80] or "file"
    kind = dot + re.sub(r"[^A-Za-z0-9]", "", ending)[:10]
    return f"{words}-{sha256(name.encode()).hexdigest()[:12]}{kind.rstrip('.')}"


def _of_data_api(answer: httpx2.Response) -> GatewayError:
    words = _words(answer)
    said = [str(words[part]) for part in ("message", "hint") if words.get(part)]
    message = " ".join(text if text.endswith((".", "!", "?")) else f"{text}." for text in said)
    code = str(words.get("code", ""))
    if code == "PT401":
        return AccountClosedError("This account is closed.")
    if answer.status_code == 401:
        return UnauthenticatedError("The Data API does not take the token. Sign in again.")
    if code == "PT403" and "banned" in message:
        return AccountBannedError("This account is banned.")
    if answer.status_code == 403 or code in ("PT403", "42501"):
        return ForbiddenError(message if code == "PT403" else "You may not add documents there.")
    if answer.status_code == 429:
        return TooManyRequestsError(message)
    return InvalidInputError(message or "The database refuses the document.")


def _of_storage(answer: httpx2.Response, name: str) -> GatewayError:
    words = _words(answer)
    message = f"Storage refuses {name!r}: {words.get('message', answer.status_code)}."
    if "row-level security" in message:
        return ForbiddenError(f"{message} A document has a limited number of files (files_of_document).")
    return InvalidInputError(message)


def _words(answer: httpx2.Response) -> dict[str, Any]:
    try:
        words = answer.json()
    except ValueError:
        return {}
    return words if isinstance(words, dict) else {}
