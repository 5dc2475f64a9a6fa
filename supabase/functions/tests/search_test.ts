/** The search function between HTTP servers that stand where the gateway and the Data API would. */
import assert from "node:assert/strict";
import { createHandler } from "../search/handler.ts";
import { KEY, type Outside, refusal, token, withServers } from "./servers.ts";

const QUESTION = JSON.stringify({ query: "refunds", limit: 3 });
const FOUND = { results: [{ title: "Refunds" }], complete: true };

const withSearch = (outside: Outside, test: Parameters<typeof withServers>[2]) =>
  withServers(createHandler, outside, test);

function ask(headers: Record<string, string> = {}, body: unknown = QUESTION, method = "POST"): Request {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return new Request("http://localhost/search", {
    method,
    body: method === "POST" ? text : undefined,
    headers: { "content-type": "application/json", ...headers },
  });
}

Deno.test("the question and the caller's token reach the gateway unchanged", async () => {
  let seen: { path: string; body: string; authorization: string | null } | undefined;
  const gateway = async (request: Request) => {
    const { pathname } = new URL(request.url);
    seen = { path: pathname, body: await request.text(), authorization: request.headers.get("authorization") };
    return Response.json({ results: [], complete: true });
  };
  await withSearch({ gateway }, async (handler) => {
    const body = '{"query": "refunds", "filters": {"metadata": {"number": 12345678901234567890}}}';
    const response = await handler(ask({ authorization: "Bearer a.b.c", apikey: KEY }, body));
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { results: [], complete: true });
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
    assert.deepEqual(seen, { path: "/v1/search", body, authorization: "Bearer a.b.c" });
  });
});

Deno.test("whatever stands in place of a token is for the gateway to judge", async () => {
  const seen: (string | null)[] = [];
  const gateway = (request: Request) => {
    seen.push(request.headers.get("authorization"));
    return Response.json({});
  };
  await withSearch({ gateway }, async (handler) => {
    const keys = [KEY, "sb_secret_x", "legacy.anon.key"];
    for (const key of keys) await (await handler(ask({ authorization: `Bearer ${key}`, apikey: key }))).text();
    await (await handler(ask())).text();
    assert.deepEqual(seen, [...keys.map((key) => `Bearer ${key}`), null]);
  });
});

Deno.test("a refusal of the gateway passes through with its status, type and headers", async () => {
  const said = { "retry-after": "2", "ratelimit": '"person";r=0;t=2', "ratelimit-policy": '"person";q=60;w=60' };
  const refusals: [string, number, Record<string, string>][] = [
    ["unauthenticated", 401, { "www-authenticate": "Bearer" }],
    ["rate-limited", 429, said],
    ["overloaded", 503, { "retry-after": "1" }],
    // It has asked the database by every way that there is, or must not ask it.
    ["database-unavailable", 503, { "retry-after": "2" }],
    ["database-unsafe", 503, { "retry-after": "10" }],
  ];
  const dataApi = () => assert.fail("the Data API is asked");
  for (const [kind, status, headers] of refusals) {
    await withSearch({ gateway: () => refusal(kind, status, headers), dataApi }, async (handler) => {
      const response = await handler(ask({ authorization: "Bearer a.b.c" }));
      assert.equal(response.status, status);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      for (const [name, value] of Object.entries(headers)) assert.equal(response.headers.get(name), value);
      assert.equal((await response.json()).detail, kind);
    });
  }
});

Deno.test("with no gateway the database is asked as the caller, by words, and the answer says so", async () => {
  let seen: unknown;
  const dataApi = async (request: Request) => {
    const headers = ["authorization", "apikey", "traceparent", "x-request-id", "cookie"].map((name) =>
      request.headers.get(name)
    );
    seen = [new URL(request.url).pathname, await request.json(), headers];
    return Response.json(FOUND);
  };
  await withSearch({ dataApi }, async (handler) => {
    const bearer = `Bearer ${token("authenticated")}`;
    const sent = { authorization: bearer, "x-request-id": "r-1", traceparent: "00-1", cookie: "a=b", apikey: "other" };
    const filters = { price_max: 19.99, metadata: { kind: "manual" } };
    const response = await handler(ask(sent, { query: " refunds\n", in: ["products"], limit: 3, filters }));
    assert.equal(response.status, 200);
    const { took_ms, ...answer } = await response.json();
    assert.equal(typeof took_ms, "number");
    assert.deepEqual(answer, {
      ...FOUND,
      mode: "keyword",
      degraded: true,
      degradations: [{
        dependency: "gateway",
        reason: "It cannot be reached.",
        used: "keyword search through the Data API",
      }],
      age_seconds: null,
      explanation: null,
    });
    assert.deepEqual(seen, ["/rest/v1/rpc/search", {
      query: "refunds",
      mode: "keyword",
      kinds: ["products"],
      max_results: 3,
      filters,
      effort: "bounded",
      passages_per_result: 1,
      include: [],
      syntax: "operators",
      prefix: false,
    }, [bearer, KEY, "00-1", "r-1", null]]);
    assert.equal(response.headers.get("x-request-id"), "r-1");
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
  });
});

Deno.test("numbers that JavaScript cannot hold come back as they are stored", async () => {
  const stored = '{"number": 12345678901234567890}';
  const text = `{"results": [{"metadata": ${stored}}], "complete": true}\n`;
  const dataApi = () => new Response(text, { headers: { "content-type": "application/json" } });
  await withSearch({ dataApi }, async (handler) => {
    assert.ok((await (await handler(ask())).text()).includes(stored));
  });
});

Deno.test("what is no answer of the gateway counts as none", async () => {
  const hangs = (request: Request) =>
    new Promise<Response>((resolve) => request.signal.addEventListener("abort", () => resolve(new Response("late"))));
  const stalls = () => {
    const beginning = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode("{")) });
    return new Response(beginning, { headers: { "content-type": "application/json" } });
  };
  const gateways: [string, NonNullable<Outside["gateway"]>][] = [
    ["It answered with the status 502.", () => new Response("<h1>Bad gateway</h1>", { status: 502 })],
    ["It answered with the status 404.", () => new Response("no such application", { status: 404 })],
    ["It answered with the status 302.", () => new Response(null, { status: 302, headers: { location: "/" } })],
    ["It answered with the status 200.", () => new Response("<h1>Welcome</h1>")],
    ["It answered with the status 500.", () => refusal("internal-error", 500)],
    ["It answered with the status 503.", () => refusal("auth-keys-unavailable", 503)],
    ["It answered with the status 503.", () => new Response("{", { status: 503, headers: refusal("", 503).headers })],
    ["It did not answer within 0.2 s.", hangs],
    ["It did not answer within 0.2 s.", stalls],
  ];
  for (const [reason, gateway] of gateways) {
    const gatewayTimeoutMs = gateway === hangs || gateway === stalls ? 200 : undefined;
    const outside = { gateway, dataApi: () => Response.json(FOUND), gatewayTimeoutMs };
    await withSearch(outside, async (handler) => {
      const { results, degradations } = await (await handler(ask())).json();
      assert.deepEqual([results, degradations[0].reason], [FOUND.results, reason]);
    });
  }
});

Deno.test("a gateway that failed three times is left alone until the breaker lets one call try", async () => {
  let calls = 0, isWell = false;
  const gateway = () => {
    calls += 1;
    return isWell ? Response.json({ results: [], degraded: false }) : new Response("", { status: 502 });
  };
  await withSearch({ gateway, dataApi: () => Response.json(FOUND), resetMs: 1 }, async (handler) => {
    const reasons: string[] = [];
    for (let call = 0; call < 3; call += 1) {
      reasons.push((await (await handler(ask())).json()).degradations[0].reason);
    }
    assert.deepEqual([calls, new Set(reasons)], [3, new Set(["It answered with the status 502."])]);
    isWell = true;
    let answer;
    do answer = await (await handler(ask())).json(); while (answer.degraded);
    assert.equal(calls, 4);
  });
  calls = 0;
  isWell = false;
  await withSearch({ gateway, dataApi: () => Response.json(FOUND) }, async (handler) => {
    for (let call = 0; call < 5; call += 1) {
      const { results, degradations: [{ reason }] } = await (await handler(ask())).json();
      assert.deepEqual(results, FOUND.results);
      if (call > 2) assert.equal(reason, "It failed several times lately and is not asked at the moment.");
    }
    assert.equal(calls, 3);
  });
});

Deno.test("nobody is asked for as nobody, with the project's key alone", async () => {
  const seen: unknown[] = [];
  const dataApi = (request: Request) => {
    seen.push([request.headers.get("authorization"), request.headers.get("apikey")]);
    return Response.json(FOUND);
  };
  await withSearch({ dataApi }, async (handler) => {
    await (await handler(ask())).text();
    await (await handler(ask({ authorization: `Bearer ${KEY}`, apikey: KEY }))).text();
    assert.deepEqual(seen, [[null, KEY], [null, KEY]]);
  });
});

Deno.test("what is no person's token reaches no database", async () => {
  const dataApi = () => assert.fail("the Data API is asked");
  const refused: [string, number][] = [
    ["a.b.c", 401],
    ["sb_publishable_other", 401],
    ["sb_secret_x", 401],
    [token("service_role"), 401],
    [token("postgres"), 403],
  ];
  await withSearch({ dataApi }, async (handler) => {
    for (const [bearer, status] of refused) {
      const response = await handler(ask({ authorization: `Bearer ${bearer}` }));
      assert.equal(response.status, status, bearer);
      assert.equal(response.headers.get("www-authenticate"), status === 401 ? "Bearer" : null);
      await response.body?.cancel();
    }
    for (const header of ["Basic eDp5", "Bearer ", "Bearer a.b.c, Bearer d.e.f"]) {
      const response = await handler(ask({ authorization: header }));
      assert.equal(response.status, 401, header);
      await response.body?.cancel();
    }
  });
});

Deno.test("a refusal of the Data API is the caller's", async () => {
  const errors: [Record<string, string>, number, number, string][] = [
    [{ code: "PGRST303", message: "JWT expired" }, 401, 401, "The token is not valid, or has expired"],
    [{ code: "PT401", message: "closed" }, 401, 401, "This account is closed."],
    [{ code: "PT403", message: "banned" }, 403, 403, "This account is banned."],
    [{ code: "PT422", message: "Too many.", hint: "Ask for less." }, 422, 422, "Too many. Ask for less."],
    [{ code: "42501", message: "x", hint: "Sign in." }, 401, 403, "Sign in."],
    [{ code: "42501", message: "x", hint: "Sign in." }, 403, 403, "Sign in."],
    [{ code: "22P02", message: "x" }, 400, 422, "The database refuses the arguments."],
  ];
  for (const [error, status, answered, detail] of errors) {
    await withSearch({ dataApi: () => Response.json(error, { status }) }, async (handler) => {
      const response = await handler(ask());
      const problem = await response.json();
      assert.equal(response.status, answered, problem.detail);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.ok(problem.detail.startsWith(detail), problem.detail);
    });
  }
});

Deno.test("with nobody to ask it is a 503 that says when to come back", async () => {
  const apis = [undefined, () => Response.json({ code: "57014" }, { status: 500 }), () => new Response("<h1>", {})];
  for (const dataApi of apis) {
    await withSearch({ dataApi }, async (handler) => {
      const response = await handler(ask());
      assert.equal(response.status, 503);
      assert.equal(response.headers.get("retry-after"), "2");
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.equal((await response.json()).type, "urn:tidegate:problem:unavailable");
    });
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
  await withSearch({ gateway }, async (handler) => {
    await (await handler(ask({ ...sent, apikey: KEY, cookie: "a=b" }))).text();
    assert.deepEqual(seen, sent);
  });
});
