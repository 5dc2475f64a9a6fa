/**
 * Calls every route of a gateway by the client of @hey-api/openapi-ts, and checks the types of openapi-typescript.
 *
 * A test puts it beside what generate.ts writes, and compiles it: `call.ts address`, with a token in TOKEN. It prints
 * the status of each call as JSON.
 */
import { client } from "./hey-api/client.gen.ts";
import * as gateway from "./hey-api/index.ts";
import type { components, paths } from "./openapi-typescript.ts";

// Deno takes `client` of a single call for its own, so the one that is there is set up.
client.setConfig({ baseUrl: Deno.args[0], auth: () => Deno.env.get("TOKEN") });
const query = "How do I moor a boat?";
const messages = [{ role: "user" as const, content: query }];
const files = [new File(["# Mooring\n\nDouble the bow line."], "mooring.md", { type: "text/markdown" })];

const found = await gateway.search({ body: { query, limit: 3 } });
const added = await gateway.addDocument({ body: { files, title: "Mooring", metadata: '{"year": 2026}' } });
const id = added.data?.id ?? "";
const calls = {
  search: found,
  add_document: added,
  get_document: await gateway.getDocument({ path: { document_id: id } }),
  answer: await gateway.answer({ body: { question: query } }),
  complete_chat: await gateway.completeChat({ body: { messages } }),
  list_models: await gateway.listModels(),
  get_model: await gateway.getModel(),
  embed: await gateway.embed({ body: { input: [query] } }),
  recommend: await gateway.recommend({ query: { limit: 2 } }),
  get_resource: await gateway.getResource(),
  get_mcp_resource: await gateway.getMcpResource(),
  get_status: await gateway.getStatus(),
  get_liveness: await gateway.getLiveness(),
  get_readiness: await gateway.getReadiness(),
};

// What both generators say is one type.
const answer: paths["/v1/search"]["post"]["responses"][200]["content"]["application/json"] | undefined = found.data;
const state: components["schemas"]["DocumentState"] | undefined = added.data;
// @ts-expect-error: there is no such mode
await gateway.search({ body: { query, mode: "fast" } });
const refused = await gateway.search({ body: { query: " " } });
const pointer: string | undefined = refused.error?.errors?.[0].pointer;

const statuses = Object.fromEntries(Object.entries(calls).map(([name, call]) => [name, call.response?.status]));
console.log(JSON.stringify({ statuses, mode: answer?.mode, file: state?.files[0].name, pointer }));
