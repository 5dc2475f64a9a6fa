"""POST /v1/documents and GET /v1/documents/{id}."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Path, Request, Response, UploadFile
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Json, JsonValue

from gateway.auth.caller import Caller
from gateway.documents.schemas import DocumentState
from gateway.documents.service import DocumentService, Upload
from gateway.errors import InvalidInputError, UnauthenticatedError
from gateway.http.dependencies import CurrentCaller
from gateway.http.openapi import OPTIONAL_TOKEN, REQUIRED_TOKEN, problems
from gateway.language_tags import LanguageTag

router = APIRouter(prefix="/v1", tags=["documents"])
FORM = "multipart/form-data"
MAX_FILES = 20
LOCATION = {"headers": {"Location": {"description": "Where its state is told.", "schema": {"type": "string"}}}}
# As OpenAPI 3.0 says it: generators of clients know a file by it, and not yet by contentMediaType alone.
BINARY: dict[str, JsonValue] = {"format": "binary"}
# Of the name of a file, as private.name_of_file() keeps.
MAX_CHARACTERS = 255
NAMELESS = "Give the file a name: its part of the form needs a filename that is not empty."
JOINERS = "\u200c\u200d"


def _with_doubles(metadata: dict[str, Any]) -> dict[str, Any]:
    # What the parser makes of NaN and of 1e999 is no JSON.
    json.dumps(metadata, allow_nan=False)
    return metadata


def _file(part: object) -> object:
    is_nameless = isinstance(part, str)  # to the parser it is a text
    if is_nameless:
        raise ValueError(NAMELESS)
    return part


class NewDocument(BaseModel):
    """A form: the files of a document, and its columns, named as in the Data API."""

    model_config = ConfigDict(extra="forbid")

    files: list[Annotated[UploadFile, BeforeValidator(_file), Field(json_schema_extra=BINARY)]] = Field(
        max_length=MAX_FILES, description="The files; each keeps its name."
    )
    title: str | None = Field(
        default=None, max_length=500, pattern=r"\S", description="By default the name of the first file."
    )
    visibility: Literal["private", "organization", "public"] = Field(default="private", description="Who reads it.")
    organization_id: UUID | None = Field(default=None, description="The organization it is filed in.")
    language: LanguageTag | None = Field(
        default=None,
        description="BCP 47 tag of the text, such as `de` or `pt-BR`, for stemming; detected by default.",
    )
    source_uri: str | None = Field(default=None, max_length=2000, description="Where it came from.")
    metadata: Annotated[Json[dict[str, Any]], AfterValidator(_with_doubles)] | None = Field(
        default=None, description="Any further properties: a JSON object, which search returns and filters."
    )

    def row(self) -> dict[str, Any]:
        """The columns that were given, as JSON."""
        return self.model_dump(mode="json", exclude={"files"}, exclude_none=True)


async def _service(request: Request) -> DocumentService:
    return cast(DocumentService, request.app.state.services.documents)


async def _signed_in(caller: CurrentCaller) -> Caller:
    """Asked before the body is looked at."""
    if not caller.is_signed_in:
        raise UnauthenticatedError("Sign in to add documents.")
    return caller


Service = Annotated[DocumentService, Depends(_service)]
SignedIn = Annotated[Caller, Depends(_signed_in)]


@router.post(
    "/documents",
    operation_id="add_document",
    summary="Add a document with its files",
    status_code=202,
    responses={202: LOCATION, **problems(401, 403, 422, 429, 503)},
    openapi_extra=REQUIRED_TOKEN,
)
async def add_document(
    response: Response,
    caller: SignedIn,
    service: Service,
    form: Annotated[NewDocument, Form(media_type=FORM)],
) -> DocumentState:
    """Answer 202 once the files are stored; they are read and embedded afterwards.

    The document is written as the caller, by the same rules as in the Data API; when a file is refused, nothing of it
    stays. Ask for its state at the address in the header Location.
    """
    if form.visibility == "organization" and form.organization_id is None:
        raise InvalidInputError("visibility organization needs an organization_id.")
    uploads = [await _upload(number, file) for number, file in enumerate(form.files, 1)]
    uploads = [replace(each, name=name) for each, name in zip(uploads, _told_apart(uploads), strict=True)]
    row = {"title": uploads[0].name[:500], **form.row()}
    state = await service.add(caller, row, uploads)
    response.headers["Location"] = f"/v1/documents/{state.id}"
    return state


@router.get(
    "/documents/{document_id}",
    operation_id="get_document",
    summary="How far a document and its files are",
    responses=problems(401, 403, 404, 422, 429, 503),
    openapi_extra=OPTIONAL_TOKEN,
)
async def document_state(
    document_id: Annotated[UUID, Path(description="The document.")],
    response: Response,
    caller: CurrentCaller,
    service: Service,
) -> DocumentState:
    """Its status and that of each file, with errors and progress."""
    response.headers["Cache-Control"] = "no-store"
    return await service.state(caller, document_id)


async def _upload(number: int, file: UploadFile) -> Upload:
    # A client may send a path, of which the last part is the name.
    # Clients write a quotation mark as the HTML standard says, and no other sign so.
    given = (file.filename or "").replace("%22", '"').replace("\\", "/")
    name = _printable(PurePosixPath(given).name)[:MAX_CHARACTERS]
    if name in ("", ".."):
        name = f"file {number}"
    return Upload(name, file.content_type or "application/octet-stream", await file.read())


def _told_apart(uploads: Sequence[Upload]) -> Iterator[str]:
    """Their names; the second of one name, as of files of two folders, is `name (2)`."""
    taken: set[str] = set()
    for upload in uploads:
        path, number, name = PurePosixPath(upload.name), 1, upload.name
        while name in taken:
            number += 1
            name = f"{path.stem} ({number}){path.suffix}"
        taken.add(name)
        yield name


def _printable(name: str) -> str:
    """The name without what cannot be seen, such as marks that turn its direction; joiners belong to some scripts."""
    return "".join(each if each.isprintable() or each in JOINERS else "_" for each in name)
