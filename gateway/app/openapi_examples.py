"""What may be sent to each operation, and what it answers then: examples of the OpenAPI document."""

from typing import Any

from gateway.http.openapi import Example

DOCUMENT, CHUNK = "6f1c2a4e-6d0b-4c55-9a2f-0d8a6b7c1e10", 4711
PRODUCT, LAMP = "b0de0000-0000-4000-8000-000000005001", "b0de0000-0000-4000-8000-000000005002"
QUESTION = "How do I moor a boat in strong wind?"
TEXT = "In strong wind double the bow line and add a spring."
OF_NO_FILE: dict[str, Any] = {"file_id": None, "file_name": None, "page": None}
# As an answer says it when nothing was down.
WELL: dict[str, Any] = {"degraded": False, "degradations": [], "age_seconds": None}
OWNER = {"kind": "person", "id": "0c5b9d0e-2a53-4d0e-8d0a-1f2e3d4c5b6a", "name": "Ada", "handle": "ada@example.org"}
SOURCE: dict[str, Any] = {"kind": "document", "id": DOCUMENT, "document_id": DOCUMENT, "title": "Harbour manual"}
PASSAGE: dict[str, Any] = {
    "chunk_id": CHUNK,
    "content": TEXT,
    "context": "",
    "heading_path": ["Mooring"],
    **OF_NO_FILE,
    "start": 310,
    "end": 362,
    "score": 0.91,
}
RESULT: dict[str, Any] = {
    **SOURCE,
    "snippet": TEXT,
    "highlights": [[3, 9], [10, 14]],
    "heading_path": ["Mooring"],
    "score": 0.91,
    "metadata": {"year": 2026},
    "owner": OWNER,
    "passages": [{**PASSAGE, "highlights": [[3, 9], [10, 14]], "before": None, "after": None}],
    "content": None,
    "unread_by_model": None,
}
CITATION: dict[str, Any] = {
    "start": 0,
    "end": 52,
    **SOURCE,
    **OF_NO_FILE,
    "heading_path": ["Mooring"],
    "chunk_id": CHUNK,
    "passage_start": 0,
    "passage_end": 52,
    "quote": TEXT,
}
TOKENS = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}
ABOUT_THE_ANSWER: dict[str, Any] = {
    "kind": "quoted",
    "question": QUESTION,
    "grounded": True,
    "complete": True,
    **WELL,
    "usage": {**TOKENS, "sentences": 12, "citations_dropped": 0},
    "took_ms": 41.5,
}
STATE: dict[str, Any] = {
    "id": DOCUMENT,
    "title": "Harbour manual",
    "status": "pending",
    "error": None,
    "chunks_done": 0,
    "chunks_total": None,
    "created_at": "2026-11-29T08:00:00Z",
    "updated_at": "2026-11-29T08:00:00Z",
    "files": [
        {
            "name": "harbour.pdf",
            "status": "queued",
            "error": None,
            "remark": None,
            "content_type": "application/pdf",
            "size": 48_213,
            "progress_done": 0,
            "progress_total": None,
            "progress_unit": None,
            "updated_at": "2026-11-29T08:00:00Z",
        }
    ],
}
RECOMMENDATION = {
    "product_id": PRODUCT,
    "name": "Head torch",
    "price": 39.9,
    "currency": "EUR",
    "category": "light",
    "score": 12.0,
    "because": {"kind": "bought_together", "product_id": LAMP, "name": "Camp lamp"},
}
MODEL = {"id": "tidegate", "object": "model", "created": 0, "owned_by": "tidegate"}
RESOURCE = {
    "resource": "https://api.example.com/mcp",
    "resource_name": "Tidegate",
    "authorization_servers": ["https://project.supabase.co/auth/v1"],
    "bearer_methods_supported": ["header"],
    "scopes_supported": ["email"],
}
CHOICE = {
    "index": 0,
    "message": {
        "role": "assistant",
        "content": TEXT,
        "refusal": None,
        "annotations": [
            {
                "type": "url_citation",
                "url_citation": {
                    "start_index": 0,
                    "end_index": 52,
                    "url": f"https://project.supabase.co/rest/v1/documents?id=eq.{DOCUMENT}",
                    "title": "Harbour manual",
                },
                "citation": CITATION,
            }
        ],
    },
    "finish_reason": "stop",
}

EXAMPLES = {
    "search": Example(
        {"query": QUESTION, "in": ["documents"], "limit": 5, "filters": {"languages": ["en"]}},
        {
            "results": [RESULT],
            "mode": "hybrid",
            "syntax": "operators",
            "corrections": [],
            "complete": True,
            "more": False,
            **WELL,
            "took_ms": 12.5,
            "explanation": None,
        },
    ),
    "answer": Example(
        {"question": QUESTION, "limit": 3},
        {"answer": TEXT, "citations": [CITATION], "passages": [{**SOURCE, "owner": OWNER, **PASSAGE}]}
        | ABOUT_THE_ANSWER,
    ),
    "complete_chat": Example(
        {"model": "tidegate", "messages": [{"role": "user", "content": QUESTION}]},
        {
            "id": "chatcmpl-5f0c8a8b7c0d4b5e",
            "object": "chat.completion",
            "created": 1_795_939_200,
            "model": "tidegate",
            "choices": [CHOICE],
            "usage": TOKENS,
            "tidegate": ABOUT_THE_ANSWER,
        },
    ),
    "list_models": Example(None, {"object": "list", "data": [MODEL]}),
    "get_model": Example(None, MODEL),
    "embed": Example(
        {"input": [QUESTION]},
        {
            "object": "list",
            "data": [{"object": "embedding", "index": 0, "embedding": [0.6, 0.8]}],
            "model": "all-MiniLM-L6-v2",
            "usage": {"prompt_tokens": 11, "total_tokens": 11},
        },
    ),
    "recommend": Example(None, {"recommendations": [RECOMMENDATION], "source": "personal", **WELL, "took_ms": 3.5}),
    "add_document": Example(None, STATE),
    "get_document": Example(None, {**STATE, "status": "ready", "chunks_done": 9, "chunks_total": 9}),
    "get_resource": Example(None, RESOURCE),
    "get_mcp_resource": Example(None, RESOURCE),
    "get_status": Example(
        None,
        {
            "status": "degraded",
            "impairments": [{"what": "search by meaning", "detail": "Search answers by keywords."}],
            "failed_documents": None,
        },
    ),
    "get_liveness": Example(None, {"status": "live"}),
    "get_readiness": Example(None, {"status": "ready"}),
}
