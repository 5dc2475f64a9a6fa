"""Settings of the language models that write answers; without one, answers are quotations."""

from typing import Annotated

from pydantic import Field, SecretStr

from gateway.config.admission import AdmissionSettings
from gateway.config.types import Empty, HttpUrl, JsonObject


class LlmSettings(AdmissionSettings):
    """Part of the gateway's settings."""

    llm_url: Annotated[HttpUrl | None, Empty] = Field(
        default=None,
        description="A model with OpenAI's chat API, its address up to and including /v1; once set, it writes answers. "
        "Without it answers are quotations.",
    )
    llm_model: Annotated[str | None, Empty] = Field(default=None, description="With LLM_URL: its model.")
    llm_api_key: Annotated[SecretStr | None, Empty] = Field(
        default=None, description="With LLM_URL: its key, if it wants one."
    )
    llm_fallback_url: Annotated[HttpUrl | None, Empty] = Field(
        default=None, description="A second one, asked where the first does not answer."
    )
    llm_fallback_model: Annotated[str | None, Empty] = Field(default=None, description="As LLM_MODEL.")
    llm_fallback_api_key: Annotated[SecretStr | None, Empty] = Field(default=None, description="As LLM_API_KEY.")
    llm_first_token_s: float = Field(
        default=5.0, gt=0, le=120, description="Seconds until the first word before the next model is asked."
    )
    llm_stall_s: float = Field(
        default=3.0, gt=0, le=120, description="Seconds between two words before the model is given up."
    )
    llm_timeout_s: float = Field(default=20.0, gt=0, le=300, description="Seconds that a whole answer may take.")
    llm_parameters: JsonObject = Field(
        default={"temperature": 0, "max_tokens": 1000},
        description="JSON that goes with each request to a model, such as `max_completion_tokens` for one that wants "
        "that.",
    )
