/** The recommend function between HTTP servers that stand where the gateway and the Data API would. */
import assert from "node:assert/strict";
import { createHandler } from "../recommend/handler.ts";
import { type Outside, refusal, token, withServers } from "./servers.ts";

const PRODUCT = "b0de0000-0000-4000-8000-000000005001";
const BECAUSE = { kind: "popular", product_id: null, name: null };
const ROW = { product_id: PRODUCT, name: "Torch", price: 49.9, currency: "EUR", score: 0.5, because: BECAUSE };
const FOUND = { recommendations: [{ ...ROW, category_slug: "light" }], source: "popular" };

const withRecommend = (outside: Outside, test: Parameters<typeof withServers>[2]) =>
  withServers(createHandler, outside, test);

function ask(body?: unknown, headers: Record<string, string> = {}): Request {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const type = body === undefined ? undefined : { "content-type": "application/json" };
  return new Request("http://localhost/recommend", { method: "POST", ...sent, headers: { ...type, ...headers } });
}

Deno.test("the gateway is asked with the wish as parameters, and its answer comes back", async () => {
  const seen: unknown[] = [];
  const gateway = (request: Request) => {
    const { pathname, search } = new URL(request.url);
    seen.push([request.method, pathname, search, request.headers.get("authorization")]);
    return Response.json({ recommendations: [], source: null });
  };
  await withRecommend({ gateway }, async (handler) => {
    const response = await handler(ask({ like: PRODUCT, category: "light", limit: 3 }, { authorization: "Bearer x" }));
    assert.deepEqual(await response.json(), { recommendations: [], source: null });
    await (await handler(ask())).text();
    await (await handler(ask({ like: null }))).text();
    const path = "/v1/recommendations";
    assert.deepEqual(seen, [
      ["GET", path, `?like=${PRODUCT}&category=light&limit=3`, "Bearer x"],
      ["GET", path, "?limit=10", null],
      ["GET", path, "?limit=10", null],
    ]);
  });
});

Deno.test("with no gateway the database recommends, in the gateway's form", async () => {
  let seen: unknown;
  const dataApi = async (request: Request) => {
    seen = [new URL(request.url).pathname, await request.json(), request.headers.get("authorization")];
    return Response.json(FOUND);
  };
  await withRecommend({ dataApi }, async (handler) => {
    const bearer = `Bearer ${token("authenticated")}`;
    const response = await handler(ask({ limit: 3 }, { authorization: bearer }));
    assert.equal(response.status, 200);
    const { took_ms, ...answer } = await response.json();
    assert.equal(typeof took_ms, "number");
    assert.deepEqual(answer, {
      recommendations: [{ ...ROW, category: "light" }],
      source: "popular",
      degraded: true,
      degradations: [{ dependency: "gateway", reason: "It cannot be reached.", used: "the Data API" }],
      age_seconds: null,
    });
    const wanted = { like_product: null, category: null, max_results: 3 };
    assert.deepEqual(seen, ["/rest/v1/rpc/recommend", wanted, bearer]);
  });
});

Deno.test("whatever is down, the answer is 200, with an empty list in the end", async () => {
  const gateways = [undefined, () => refusal("database-unavailable", 503), () => refusal("overloaded", 503)];
  const apis: [string, Outside["dataApi"]][] = [
    ["It cannot be reached.", undefined],
    ["It answered with the error 57014.", () => Response.json({ code: "57014" }, { status: 500 })],
    ["It answered something else than recommendations.", () => Response.json({ recommendations: [{}] })],
  ];
  for (const gateway of gateways) {
    for (const [reason, dataApi] of apis) {
      await withRecommend({ gateway, dataApi }, async (handler) => {
        const response = await handler(ask({}));
        assert.equal(response.status, 200);
        const { recommendations, source, degradations } = await response.json();
        assert.deepEqual([recommendations, source], [[], null]);
        assert.deepEqual(degradations[1], { dependency: "data_api", reason, used: "an empty list" });
      });
    }
  }
});

Deno.test("what is the caller's fault is refused", async () => {
  const dataApi = () => Response.json({ code: "PT401" }, { status: 401 });
  await withRecommend({ dataApi, gateway: () => refusal("rate-limited", 429) }, async (handler) => {
    assert.equal((await handler(ask({}))).status, 429);
    const wrong: [unknown, string][] = [
      [{ like: "x" }, "#/like"],
      [{ limit: 51 }, "#/limit"],
      [{ category: "A" }, "#/category"],
      [{ kind: "x" }, "#/kind"],
    ];
    for (const [body, pointer] of wrong) {
      const response = await handler(ask(body));
      assert.equal(response.status, 422);
      assert.equal((await response.json()).errors[0].pointer, pointer);
    }
  });
  await withRecommend({ dataApi }, async (handler) => {
    for (const bearer of ["a.b.c", token("authenticated")]) {
      assert.equal((await handler(ask({}, { authorization: `Bearer ${bearer}` }))).status, 401);
    }
  });
});
