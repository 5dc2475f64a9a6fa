"""The request and the answer of POST /v1/embeddings, in the form of OpenAI's."""

import base64
from enum import StrEnum
from typing import Annotated, Literal

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from gateway.embeddings import Vectors
from gateway.products import without_nul
from gateway.search.query_syntax import Syntax
from gateway.search.schemas import MAX_QUERY, stripped, whole_number

MAX_INPUTS = 32
MAX_CHARACTERS = 8_000
INPUTS_PER_REQUEST = 4
CHARACTERS_PER_REQUEST = 1_000
"""A request counts for one more for each so many. A short text takes a quarter of a search's processor time."""


class EncodingFormat(StrEnum):
    """How vectors are written."""

    FLOAT = "float"
    BASE64 = "base64"


Input = Annotated[
    str,
    Field(
        strict=True,
        min_length=1,
        max_length=MAX_QUERY,
        json_schema_extra={"pattern": r"^[^\u0000]*[^\s\u0000\u001c-\u001f\u0085][^\u0000]*$"},
    ),
    BeforeValidator(stripped),
    AfterValidator(without_nul),
]


def _not_too_long(value: str | list[str]) -> str | list[str]:
    if sum(len(text) for text in ([value] if isinstance(value, str) else value)) > MAX_CHARACTERS:
        raise ValueError(f"The texts have more than {MAX_CHARACTERS:,} characters together: send fewer at a time")
    return value


class EmbeddingsRequest(BaseModel):
    """Texts to embed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: Annotated[
        Input | Annotated[list[Input], Field(strict=True, min_length=1, max_length=MAX_INPUTS)],
        AfterValidator(_not_too_long),
    ] = Field(
        description=f"A text, or up to {MAX_INPUTS}: each 1 to {MAX_QUERY:,} characters, together {MAX_CHARACTERS:,}.",
        examples=["how do I moor a boat in strong wind"],
    )
    model: Annotated[str, Field(strict=True)] | None = Field(
        default=None, description="The active model; any other one is refused. Leave it out to use the active one."
    )
    encoding_format: EncodingFormat = Field(
        default=EncodingFormat.FLOAT, description="Numbers, or base64 of little-endian 32-bit floats."
    )
    dimensions: Annotated[int, Field(strict=True, ge=1), BeforeValidator(whole_number)] | None = Field(
        default=None, description="Those of the active model; any other number is refused."
    )
    user: Annotated[str, Field(strict=True)] | None = Field(default=None, description="Ignored: the token says it.")
    input_type: Literal["query", "document"] | None = Field(
        default=None, description="Ignored: the model embeds queries and documents alike."
    )
    syntax: Syntax = Field(
        default=Syntax.PLAIN,
        description="`plain`: the text as it is, as a semantic search embeds it. `operators`: without its operators, "
        "as a hybrid search embeds it.",
    )

    @property
    def texts(self) -> list[str]:
        """The texts, one or many."""
        return [self.input] if isinstance(self.input, str) else list(self.input)

    @property
    def cost(self) -> int:
        """How many requests it counts for."""
        characters = sum(map(len, self.texts))
        return 1 + (len(self.texts) - 1) // INPUTS_PER_REQUEST + characters // CHARACTERS_PER_REQUEST


class EmbeddingEntry(BaseModel):
    """The vector of one text."""

    object: Literal["embedding"] = "embedding"
    index: int = Field(description="Place of the text in `input`, from 0.")
    embedding: list[float] | str = Field(description="Of unit length.")


class EmbeddingsUsage(BaseModel):
    """What was read."""

    prompt_tokens: int = Field(description="By the model's tokenizer; what is beyond the model's limit does not count.")
    total_tokens: int = Field(description="The same.")


class EmbeddingsResponse(BaseModel):
    """Vectors in the order of the texts."""

    object: Literal["list"] = "list"
    data: list[EmbeddingEntry]
    model: str = Field(description='The model that made them: `embedding_model` of `rpc("search")`.')
    usage: EmbeddingsUsage


def written(vector: Vectors, encoding: EncodingFormat) -> list[float] | str:
    """A vector as the caller wants it."""
    if encoding is EncodingFormat.BASE64:
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    # The shortest decimal form that is the same 32-bit float, not the 64-bit one nearest to it.
    return [float(str(number)) for number in vector.astype(np.float32)]
