"""POST /v1/chat/completions and GET /v1/models."""

from functools import partial

from fastapi import APIRouter, Request, Response

from gateway.answers.chat import (
    CHAT_DONE,
    ENTRY,
    MODEL,
    MODELS,
    ChatCompletion,
    ChatForm,
    ChatModelEntry,
    ChatModelList,
    ChatRequest,
    chat_error,
)
from gateway.answers.events import MEDIA_TYPE, EventStream
from gateway.answers.routes import Service
from gateway.answers.schemas import ANSWER_COST
from gateway.http.dependencies import CurrentCaller, StaleOnly, charge, leave_place
from gateway.http.openapi import OPTIONAL_TOKEN, problems

router = APIRouter(prefix="/v1", tags=["answers"])
CHUNK_SCHEMA = {
    "type": "object",
    "description": "An event: a chunk of OpenAI's chat API as JSON, at the end `[DONE]`.",
    "required": ["data"],
    "properties": {"data": {"type": "string"}},
}


@router.post(
    "/chat/completions",
    operation_id="complete_chat",
    summary="Answer a question in the form of OpenAI's chat API",
    response_model=ChatCompletion,
    responses={
        200: {"content": {MEDIA_TYPE: {"schema": CHUNK_SCHEMA}}, "description": "The answer, or its events."},
        **problems(401, 403, 415, 422, 429, 503),
    },
    openapi_extra=OPTIONAL_TOKEN,
)
async def chat_completions(
    request: ChatRequest, http: Request, caller: CurrentCaller, service: Service, stale_only: StaleOnly
) -> ChatCompletion | Response:
    """The answer of `POST /v1/answers`, for clients of OpenAI's chat API: a Supabase access token is the API key.

    Citations are annotations of the message.
    """
    await charge(http, ANSWER_COST - 1)
    question = request.question()
    form = ChatForm(request, str(http.state.request_id), service.project_url)
    if not request.stream:
        if stale_only:
            return form.whole(service.answer_stale(question, caller))
        return form.whole(await service.answer(question, caller, partial(leave_place, http)))
    if stale_only:
        events = service.events_stale(question, caller)
    else:
        events = service.events(question, caller, partial(leave_place, http))
    return EventStream(await anext(events), events, written=form.chunk, error=chat_error, end=CHAT_DONE)


@router.get(
    "/models",
    operation_id="list_models",
    summary="List what a chat client may name as its model",
    responses=problems(401, 403, 429, 503),
    openapi_extra=OPTIONAL_TOKEN,
)
async def models(caller: CurrentCaller) -> ChatModelList:
    """One name, for clients that ask which there are. Which model writes answers is a setting of the gateway."""
    return MODELS


@router.get(
    f"/models/{MODEL}",
    operation_id="get_model",
    summary="Say that a chat client may name this model",
    responses=problems(401, 403, 429, 503),
    openapi_extra=OPTIONAL_TOKEN,
)
async def model(caller: CurrentCaller) -> ChatModelEntry:
    """The one model, for clients that ask whether it is there."""
    return ENTRY
