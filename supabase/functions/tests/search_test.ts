/** The search function against a real HTTP server that stands where the gateway would. */
import assert from "node:assert/strict";
import { createHandler } from "../search/handler.ts";

const QUESTION = JSON.stringify({ query: "refunds", limit: 3 });

/** Runs `test` against a gateway that answers with `answer`. */
async function withGateway(
  answer: (request: Request) => Response | Promise<Response>,
  test: (handler: (request: Request) => Promise<Response>) => Promise<void>,
): Promise<void> {
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
  try {
    await test(createHandler({ gatewayUrl: `http://127.0.0.1:${server.addr.port}`, timeoutMs: 2_000 }));
  } finally {
    await server.shutdown();
  }
}

function ask(headers: Record<string, string> = {}, method = "POST"): Request {
  const body = method === "POST" ? QUESTION : undefined;
  return new Request("http://localhost/search", {
    method,
    body,
    headers: { "content-type": "application/json", ...headers },
  });
}

/** A URL on which nothing listens. */
function deadGateway(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  return `http://127.0.0.1:${port}`;
}

Deno.test("the question and the caller's token reach the gateway unchanged", async () => {
  let seen: { path: string; body: string; authorization: string | null } | undefined;
  const gateway = async (request: Request) => {
    const { pathname } = new URL(request.url);
    seen = { path: pathname, body: await request.text(), authorization: request.headers.get("authorization") };
    return Response.json({ results: [], complete: true });
  };
  await withGateway(gateway, async (handler) => {
    const response = await handler(ask({ authorization: "Bearer a.b.c", apikey: "sb_publishable_x" }));
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { results: [], complete: true });
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.deepEqual(seen, { path: "/v1/search", body: QUESTION, authorization: "Bearer a.b.c" });
  });
});

Deno.test("whatever stands in place of a token is for the gateway to judge", async () => {
  const seen: (string | null)[] = [];
  const gateway = (request: Request) => {
    seen.push(request.headers.get("authorization"));
    return Response.json({});
  };
  await withGateway(gateway, async (handler) => {
    const keys = ["sb_publishable_x", "sb_secret_x", "legacy.anon.key"];
    for (const key of keys) await (await handler(ask({ authorization: `Bearer ${key}`, apikey: key }))).text();
    await (await handler(ask())).text();
    assert.deepEqual(seen, [...keys.map((key) => `Bearer ${key}`), null]);
  });
});

Deno.test("a refusal of the gateway passes through with its status, type and headers", async () => {
  const problem = { type: "about:blank", title: "Unauthorized", status: 401, detail: "The token has expired." };
  const gateway = () =>
    new Response(JSON.stringify(problem), {
      status: 401,
      headers: { "content-type": "application/problem+json", "www-authenticate": "Bearer" },
    });
  await withGateway(gateway, async (handler) => {
    const response = await handler(ask({ authorization: "Bearer a.b.c" }));
    assert.equal(response.status, 401);
    assert.equal(response.headers.get("content-type"), "application/problem+json");
    assert.equal(response.headers.get("www-authenticate"), "Bearer");
    assert.deepEqual(await response.json(), problem);
  });
});

Deno.test("a gateway that is away is a 503 that says when to come back", async () => {
  const response = await createHandler({ gatewayUrl: deadGateway(), timeoutMs: 2_000 })(ask());
  assert.equal(response.status, 503);
  assert.equal(response.headers.get("retry-after"), "2");
  assert.equal(response.headers.get("content-type"), "application/problem+json");
  assert.equal((await response.json()).status, 503);
});

Deno.test("a gateway that does not answer in time is a 503", async () => {
  const release = Promise.withResolvers<Response>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, () => release.promise);
  try {
    const handler = createHandler({ gatewayUrl: `http://127.0.0.1:${server.addr.port}`, timeoutMs: 50 });
    assert.equal((await handler(ask())).status, 503);
  } finally {
    release.resolve(new Response("late"));
    await server.shutdown();
  }
});

Deno.test("what the SDK says of itself and of the trace reaches the gateway", async () => {
  const sent = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "vendor=1",
    "baggage": "shop=north",
    "x-region": "eu-central-1",
    "x-client-info": "supabase-js/2",
    "x-retry-count": "1",
    "x-forwarded-for": "198.51.100.7",
  };
  let seen: Record<string, string | null> = {};
  const gateway = (request: Request) => {
    seen = Object.fromEntries(Object.keys(sent).map((name) => [name, request.headers.get(name)]));
    return Response.json({});
  };
  await withGateway(gateway, async (handler) => {
    await (await handler(ask({ ...sent, apikey: "sb_publishable_x", cookie: "a=b" }))).text();
    assert.deepEqual(seen, sent);
  });
});

Deno.test("how to go on after a refusal comes back", async () => {
  const said = { "retry-after": "2", "ratelimit": '"person";r=0;t=2', "ratelimit-policy": '"person";q=60;w=60' };
  const gateway = () => new Response("{}", { status: 429, headers: said });
  await withGateway(gateway, async (handler) => {
    const response = await handler(ask());
    assert.equal(response.status, 429);
    for (const [name, value] of Object.entries(said)) assert.equal(response.headers.get(name), value);
  });
});

Deno.test("a browser's preflight is answered without the gateway", async () => {
  const response = await createHandler({ gatewayUrl: deadGateway(), timeoutMs: 50 })(ask({}, "OPTIONS"));
  assert.equal(response.status, 204);
  assert.equal(response.headers.get("access-control-allow-headers"), "authorization, *");
  assert.equal(response.headers.get("access-control-allow-credentials"), null);
});

Deno.test("anything but POST is a 405 that names what is possible", async () => {
  const response = await createHandler({ gatewayUrl: deadGateway(), timeoutMs: 50 })(ask({}, "GET"));
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "POST, OPTIONS");
});
