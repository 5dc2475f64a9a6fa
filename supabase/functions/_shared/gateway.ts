/** The gateway, as a function asks it. */
import { type Dependency, DependencyError } from "./dependency.ts";
import type { Exchange } from "./endpoint.ts";
import { forGateway, returned } from "./forwarding.ts";

/** Types of the gateway's refusals begin like this. */
const OWN = "urn:tidegate:problem:";

/** Refusals that say that the gateway does not work, while the database may; the others stand. */
const ITS_OWN_FAULT = new Set(["internal-error", "not-ready", "auth-keys-unavailable"].map((kind) => OWN + kind));

/**
 * The gateway's answer to this URL, as the client gets it: to a POST of the body, or to a GET without one. Its refusals
 * stand: a question that is wrong is wrong everywhere, and a database that is too busy, or not safe to ask, is the same one
 * by another way. One that `doesWithout` prefers the next best to any 5xx.
 *
 * Throws a DependencyError when no gateway answers: none within the time, something else in its place (a proxy's error
 * page), or one that says that it does not work.
 */
export async function askGateway(
  gateway: Dependency,
  url: string,
  exchange: Exchange,
  { body, doesWithout = false }: { body?: Uint8Array<ArrayBuffer>; doesWithout?: boolean } = {},
): Promise<Response> {
  return await gateway.call(async (signal) => {
    const method = body === undefined ? "GET" : "POST";
    const answer = await fetch(url, { method, headers: forGateway(exchange), body, signal, redirect: "manual" });
    return await answerOf(answer, doesWithout);
  });
}

/** An answer as the client gets it; throws a DependencyError for one that is none of the gateway's. */
export async function answerOf(answer: Response, doesWithout = false): Promise<Response> {
  // Read here, so that a connection that breaks in the middle of the answer is no answer.
  const text = await answer.text();
  if (!isOfGateway(answer, text) || (doesWithout && answer.status >= 500)) {
    throw new DependencyError(`It answered with the status ${answer.status}.`);
  }
  return new Response(text, { status: answer.status, headers: returned(answer.headers) });
}

function isOfGateway(answer: Response, text: string): boolean {
  const type = answer.headers.get("content-type")?.split(";")[0];
  if (answer.ok) return type === "application/json";
  if (type !== "application/problem+json") return false;
  try {
    const kind: unknown = JSON.parse(text).type;
    return typeof kind === "string" && kind.startsWith(OWN) && !ITS_OWN_FAULT.has(kind);
  } catch {
    return false; // it only says that it is JSON
  }
}
