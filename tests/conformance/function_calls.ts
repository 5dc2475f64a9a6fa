/** Calls of Edge Functions. */
import { raw, type World } from "./world.ts";

export async function functionCalls(world: World): Promise<void> {
  const { recorder, client, publishableKey, person } = world;
  const call = recorder.call.bind(recorder);
  const body = { query: "stove", mode: "keyword", limit: 1 };
  await call("functions: search", () => person.functions.invoke("search", { body }));
  await call("functions: search as nobody", () => client(publishableKey).functions.invoke("search", { body }));
  await call("functions: recommend", () => person.functions.invoke("recommend", { body: { limit: 1 } }));
  await call("functions: answers", () => person.functions.invoke("answers", { body: { question: "stove" } }));
  await call("functions: wrong body", () => person.functions.invoke("search", { body: { limit: 0 } }));
  await call("functions: another method", () => person.functions.invoke("search", { method: "GET" }));
  await call("functions: unknown", () => person.functions.invoke("nothing", { body }));
  await call("functions: bad token", () => (
    raw(world, "/functions/v1/search", {
      method: "POST",
      headers: { authorization: "Bearer a.b.c" },
      body: JSON.stringify(body),
    })
  ));
  await call("functions: unsigned event", () => person.functions.invoke("payment-webhook", { body: {} }));
  await call("functions: preflight", () => (
    raw(world, "/functions/v1/search", {
      method: "OPTIONS",
      headers: { origin: "https://page.example", "access-control-request-method": "POST" },
    })
  ));
}
