/** The answers function between HTTP servers that stand where the gateway and the Data API would. */
import assert from "node:assert/strict";
import { createHandler, REWRITING_MS } from "../answers/handler.ts";
import { sentences } from "../answers/sentences.ts";
import { type Outside, refusal, token, withServers } from "./servers.ts";

const ID = "b0de0000-0000-4000-8000-000000005001";
const CONTENT = "# Storms 🌩\n\nThunder means: all boats leave the water.\nWait half an hour. Tea is served later.";
const PASSAGE = {
  ...{
    chunk_id: 7,
    content: CONTENT,
    context: "",
    heading_path: ["Storms"],
    file_id: null,
    file_name: null,
    page: null,
  },
  ...{ start: 0, end: 99, score: 0.5, highlights: [[13, 20]], before: null, after: null },
};
const RESULT = {
  ...{ kind: "document", id: ID, document_id: ID, title: "Rules", owner: null, snippet: "", highlights: [] },
  ...{ heading_path: ["Storms"], score: 0.5, metadata: {}, content: null, passages: [PASSAGE], unread_by_model: null },
};
const FOUND = { results: [RESULT], complete: true, syntax: "plain" };

const REST = {
  kind: "generated",
  question: "Thunder?",
  grounded: true,
  complete: true,
  degraded: false,
  degradations: [],
};
const EVENTS = [
  `event: search\ndata: {"question":"Thunder?","passages":[{"chunk_id":12345678901234567}],"complete":true}\n\n`,
  ": still at work\n\n",
  `event: delta\ndata: {"text":"Leave "}\n\n`,
  `event: citation\ndata: {"start":0,"end":6}\n\n`,
  `event: delta\ndata: {"text":"the water."}\n\n`,
  `event: done\ndata: ${JSON.stringify(REST)}\n\n`,
];

const withAnswers = (outside: Outside, test: Parameters<typeof withServers>[2]) =>
  withServers(createHandler, outside, test);

function ask(body: unknown, headers: Record<string, string> = {}): Request {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const sent = { "content-type": "application/json", ...headers };
  return new Request("http://localhost/answers", { method: "POST", body: text, headers: sent });
}

/** Events, cut where a network might cut them. */
function sending(text: string, { at = 1, after }: { at?: number; after?: () => Promise<void> | void } = {}): Response {
  const bytes = new TextEncoder().encode(text);
  const pieces = [bytes.slice(0, at), bytes.slice(at)];
  const body = new ReadableStream({
    async pull(client) {
      const piece = pieces.shift();
      if (piece !== undefined) return client.enqueue(piece);
      await after?.();
      client.close();
    },
  });
  return new Response(body, { headers: { "content-type": "text/event-stream", ratelimit: '"person";r=9;t=2' } });
}

Deno.test("the gateway's events are streamed through as they are", async () => {
  let seen: unknown;
  const gateway = async (request: Request) => {
    seen = [new URL(request.url).pathname, await request.text(), request.headers.get("authorization")];
    return sending(EVENTS.join(""), { at: 70 });
  };
  await withAnswers({ gateway }, async (handler) => {
    const body = '{"question": "Thunder?", "filters": {"metadata": {"number": 12345678901234567890}}, "stream": true}';
    const response = await handler(ask(body, { authorization: "Bearer a.b.c" }));
    assert.equal(response.headers.get("content-type"), "text/event-stream");
    assert.equal(response.headers.get("ratelimit"), '"person";r=9;t=2');
    assert.equal(await response.text(), EVENTS.join(""));
    const sent = '{"question":"Thunder?","filters":{"metadata":{"number":12345678901234567890}},"stream":true}';
    assert.deepEqual(seen, ["/v1/answers", sent, "Bearer a.b.c"]);
  });
});

Deno.test("who wants one answer gets the events as one", async () => {
  await withAnswers({ gateway: () => sending(EVENTS.join("")) }, async (handler) => {
    const response = await handler(ask({ question: "Thunder?" }));
    assert.equal(response.headers.get("content-type"), "application/json");
    const passages = [{ chunk_id: 12345678901234567 }];
    const wanted = { answer: "Leave the water.", citations: [{ start: 0, end: 6 }], passages, ...REST };
    assert.deepEqual(await response.json(), wanted);
  });
});

Deno.test("events come when they are there, and a client that leaves ends the request", async () => {
  const left = Promise.withResolvers<void>();
  const gateway = (request: Request) => {
    request.signal.addEventListener("abort", () => left.resolve());
    return sending(EVENTS[0] + EVENTS[1] + "event: del", { after: () => left.promise });
  };
  await withAnswers({ gateway }, async (handler) => {
    const response = await handler(ask({ question: "Thunder?", stream: true }));
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    assert.equal((await reader.read()).value, EVENTS[0]);
    await reader.cancel();
    await left.promise;
  });
});

Deno.test("a gateway that breaks off ends the events with an error, and one answer in quotations", async () => {
  const half = EVENTS.slice(0, 3).join("") + EVENTS[3].slice(0, 20);
  const stalls = () => sending(half, { after: () => new Promise(() => {}) });
  const breaks: [string, Outside["gateway"], number?][] = [
    ["It broke off.", () => sending(half)],
    ["It sent nothing for 0.2 s.", stalls, 200],
  ];
  for (const [reason, gateway, stallMs] of breaks) {
    await withAnswers({ gateway, stallMs, dataApi: () => Response.json(FOUND) }, async (handler) => {
      const streamed = await (await handler(ask({ question: "Thunder?", stream: true }))).text();
      const detail = `The gateway: ${reason} Ask again.`;
      assert.equal(streamed, EVENTS.slice(0, 3).join("") + `event: error\ndata: ${JSON.stringify({ detail })}\n\n`);
      const { kind, degradations } = await (await handler(ask({ question: "Thunder?" }))).json();
      assert.deepEqual([kind, degradations[0].reason], ["quoted", reason]);
    });
  }
  const error = 'event: error\ndata: {"detail":"Rights changed."}\n\n';
  await withAnswers({ gateway: () => sending(error), dataApi: () => Response.json(FOUND) }, async (handler) => {
    assert.equal(await (await handler(ask({ question: "Thunder?", stream: true }))).text(), error);
    const { degradations } = await (await handler(ask({ question: "Thunder?" }))).json();
    assert.equal(degradations[0].reason, "It broke off: Rights changed.");
  });
});

Deno.test("with no gateway sentences are quoted that the caller's own search finds", async () => {
  let seen: unknown;
  const dataApi = async (request: Request) => {
    seen = [new URL(request.url).pathname, await request.json(), request.headers.get("authorization")];
    return Response.json(FOUND);
  };
  await withAnswers({ dataApi }, async (handler) => {
    const bearer = `Bearer ${token("authenticated")}`;
    const asked = { question: " boats in thunder? ", in: ["documents"], organization_id: ID, limit: 3 };
    const { took_ms, ...answer } = await (await handler(ask(asked, { authorization: bearer }))).json();
    assert.equal(typeof took_ms, "number");
    const quote = "Thunder means: all boats leave the water.";
    const { highlights: _1, before: _2, after: _3, ...chunk } = PASSAGE;
    assert.deepEqual(answer, {
      answer: quote,
      citations: [{
        ...{ start: 0, end: 41, kind: "document", id: ID, document_id: ID, title: "Rules", file_id: null },
        ...{ file_name: null, page: null, heading_path: ["Storms"], chunk_id: 7 },
        ...{ passage_start: 12, passage_end: 53, quote },
      }],
      passages: [{ kind: "document", id: ID, document_id: ID, title: "Rules", owner: null, ...chunk }],
      kind: "quoted",
      question: "boats in thunder?",
      ...{ grounded: true, complete: true, degraded: true, age_seconds: null },
      degradations: [{
        ...{ dependency: "gateway", reason: "It cannot be reached." },
        used: "quotations, found by words through the Data API",
      }],
      usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0, sentences: 3, citations_dropped: 0 },
    });
    assert.equal([...CONTENT].slice(12, 53).join(""), quote);
    assert.deepEqual(seen, ["/rest/v1/rpc/search", {
      ...{ query: "boats in thunder?", mode: "keyword", kinds: ["documents"], max_results: 3, effort: "bounded" },
      ...{ filters: { organization_ids: [ID] }, passages_per_result: 3, include: [], syntax: "plain" },
    }, bearer]);
  });
});

Deno.test("with no gateway the same answer comes as events", async () => {
  await withAnswers({ dataApi: () => Response.json(FOUND) }, async (handler) => {
    const response = await handler(ask({ question: "boats in thunder?", stream: true }));
    const events = (await response.text()).split("\n\n").map((event) => event.split("\n")[0]);
    const names = ["search", "degradation", "delta", "citation", "done"].map((name) => `event: ${name}`);
    assert.deepEqual(events, [...names, ""]);
    const nothing = await (await handler(ask({ question: "Who painted the ceiling?" }))).json();
    const { answer, citations, passages, grounded } = nothing;
    assert.deepEqual([answer, citations, passages, grounded], ["Nothing that answers this was found.", [], [], false]);
  });
});

Deno.test("the last question of a conversation leans on the one before", async () => {
  let query: unknown;
  const dataApi = async (request: Request) => {
    query = (await request.json()).query;
    return Response.json({ results: [], complete: true });
  };
  await withAnswers({ dataApi }, async (handler) => {
    const messages = [["user", "Boats in thunder?"], ["assistant", "Leave."], ["user", "And in  rain?"]]
      .map(([role, content]) => ({ role, content }));
    const { degradations, question } = await (await handler(ask({ messages }))).json();
    assert.equal(query, "And in  rain? Boats thunder?");
    assert.equal(question, query);
    assert.match(degradations[0].used, /by the words of the question before$/);
  });
});

Deno.test("refusals stand, and with nobody to ask it is a 503", async () => {
  const dataApi = () => assert.fail("the Data API is asked");
  await withAnswers(
    { gateway: () => refusal("rate-limited", 429, { "retry-after": "2" }), dataApi },
    async (handler) => {
      const response = await handler(ask({ question: "x", stream: true }));
      assert.deepEqual([response.status, response.headers.get("retry-after")], [429, "2"]);
      await response.body?.cancel();
    },
  );
  const apis = [undefined, () => Response.json({ results: [{}] }), () => new Response("", { status: 500 })];
  for (const dataApi of apis) {
    await withAnswers({ dataApi }, async (handler) => {
      const response = await handler(ask({ question: "x" }));
      assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "2"]);
      await response.body?.cancel();
    });
  }
});

Deno.test("a gateway that hangs is not waited for", async () => {
  const gateway = (request: Request) =>
    new Promise<Response>((resolve) => request.signal.addEventListener("abort", () => resolve(new Response("late"))));
  await withAnswers(
    { gateway, gatewayTimeoutMs: 100 - REWRITING_MS, dataApi: () => Response.json(FOUND) },
    async (handler) => {
      const { degradations } = await (await handler(ask({ question: "boats in thunder?" }))).json();
      assert.equal(degradations[0].reason, "It did not answer within 0.1 s.");
    },
  );
});

Deno.test("sentences are found in Markdown", () => {
  const text = [
    "# Head. Line",
    "Boats go\nout. They return!",
    "1. First item. Second sentence.\n- *Bold* item",
    "| Name | Price |\n|---|---|\n| Kayak | 20. Or more |",
    "```\ncode. here.\n```",
    "> Quoted.",
  ].join("\n\n");
  const found = sentences(text);
  assert.deepEqual(found.map(({ text }) => text), [
    "Boats go\nout.",
    "They return!",
    "First item.",
    "Second sentence.",
    "*Bold* item",
    "| Kayak | 20. Or more |",
    "Quoted.",
  ]);
  for (const { text: sentence, start, end } of found) assert.equal([...text].slice(start, end).join(""), sentence);
});
