/** What every function does around its own work, and what it reads from its environment. */
import assert from "node:assert/strict";
import { endpoint, readJson } from "../_shared/endpoint.ts";
import { surroundings } from "../_shared/surroundings.ts";
import { createHandler } from "../search/handler.ts";
import { withServers } from "./servers.ts";

function request(body: BodyInit | null, type = "application/json", method = "POST"): Request {
  return new Request("http://localhost/echo", { method, body, headers: { "content-type": type } });
}

const echo = endpoint("POST", async (exchange) => Response.json((await readJson(exchange.request)).value));

Deno.test("a browser's preflight is answered without the gateway", async () => {
  await withServers(createHandler, {}, async (handler) => {
    const response = await handler(request(null, "text/plain", "OPTIONS"));
    assert.equal(response.status, 204);
    assert.equal(response.headers.get("access-control-allow-headers"), "authorization, *");
    assert.equal(response.headers.get("access-control-allow-credentials"), null);
  });
});

Deno.test("another method is a 405 that names what is possible", async () => {
  const response = await echo(request(null, "text/plain", "GET"));
  assert.equal(response.status, 405);
  assert.equal(response.headers.get("allow"), "POST, OPTIONS");
  assert.equal((await response.json()).instance, "/echo");
});

Deno.test("a body is JSON in UTF-8, says so, and is not too large", async () => {
  const bodies: [number, BodyInit, string?][] = [
    [200, '{"a": [1, "ö"]}', "application/json; charset=utf-8"],
    [200, "{}", "application/vnd.x+json"],
    [415, "{}", "text/plain"],
    [400, "{"],
    [400, ""],
    [400, new Uint8Array([0x22, 0xff, 0x22])],
    [200, JSON.stringify("x".repeat(65_534))],
    [413, JSON.stringify("x".repeat(65_535))],
  ];
  for (const [status, body, type] of bodies) {
    const response = await echo(request(body, type));
    assert.equal(response.status, status, await response.text());
    assert.equal(response.headers.get("access-control-allow-origin"), "*");
  }
});

Deno.test("every answer has a request id: the client's where it is a plain one", async () => {
  for (const [given, isKept] of [["abc-1", true], ["a b", false], ["x".repeat(65), false]] as const) {
    const asked = request("{");
    asked.headers.set("x-request-id", given);
    const response = await echo(asked);
    const id = response.headers.get("x-request-id");
    assert.equal((await response.json()).request_id, id);
    assert.equal(id === given, isKept);
    assert.match(id ?? "", /^[\w.-]{1,64}$/);
  }
});

Deno.test("what nobody expected is logged, and not told", async () => {
  const logged: unknown[][] = [];
  const { error } = console;
  console.error = (...parts) => logged.push(parts);
  try {
    const response = await endpoint("POST", () => Promise.reject(new Error("secret")))(request("{}"));
    assert.equal(response.status, 500);
    assert.ok(!(await response.text()).includes("secret"));
    assert.ok(`${logged[0][0]}`.includes(response.headers.get("x-request-id") ?? "no id"));
  } finally {
    console.error = error;
  }
});

Deno.test("the environment of a hosted project is enough, with the gateway's address", () => {
  const url = "https://project.example";
  const hosted = { SUPABASE_URL: url, GATEWAY_URL: "https://gateway.example/", SUPABASE_ANON_KEY: "legacy" };
  const of = (env: Record<string, string>) => surroundings((name) => env[name]);
  assert.equal(of(hosted).gatewayUrl, "https://gateway.example");
  assert.equal(of(hosted).publishableKey, "legacy");
  assert.equal(of({ ...hosted, SUPABASE_PUBLISHABLE_KEYS: '{"default":"new"}' }).publishableKey, "new");
  assert.equal(of({ ...hosted, GATEWAY_TIMEOUT_MS: "900" }).gatewayTimeoutMs, 900);
  assert.throws(() => of({ ...hosted, DATA_API_TIMEOUT_MS: "3 s" }), /DATA_API_TIMEOUT_MS must be/);
  assert.throws(() => of({ SUPABASE_URL: url }), /GATEWAY_URL is not set/);
  assert.throws(() => of({ SUPABASE_URL: url, GATEWAY_URL: url }), /SUPABASE_PUBLISHABLE_KEYS is not set/);
});
