"""What is answered about a document and its files."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field


class FileState(BaseModel):
    """A file, and how far it has been read."""

    name: str = Field(description="Name within the document.")
    status: Literal["queued", "reading", "ready", "failed"] = Field(description="State of its newest version.")
    error: str | None = Field(description="Why reading failed, and what to do.")
    remark: str | None = Field(description="What of a file that is ready was not read, such as pages without text.")
    content_type: str | None = Field(description="As the upload said.")
    size: int | None = Field(description="Bytes.")
    progress_done: int = Field(description="How much has been read so far.")
    progress_total: int | None = Field(description="How much there is to read; null until that is known.")
    progress_unit: str | None = Field(description="What is counted, such as pages, sheets or characters.")
    updated_at: datetime = Field(description="Last change of this state.")


class DocumentState(BaseModel):
    """A document, and how far it has been read and embedded."""

    id: UUID = Field(description="The document.")
    title: str = Field(description="Its title.")
    status: Literal["pending", "ready", "failed"] = Field(
        description="`pending` while anything of it waits, `failed` when something failed, else `ready`."
    )
    error: str | None = Field(description="What failed, and what to do.")
    chunks_done: int = Field(description="Chunks embedded so far; written after each piece of a long text.")
    chunks_total: int | None = Field(description="Chunks that there are; null until the first have been embedded.")
    created_at: datetime = Field(description="When it was made.")
    updated_at: datetime = Field(description="Last change by people.")
    files: list[FileState] = Field(description="Its files, by name.")
