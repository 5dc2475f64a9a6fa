/**
 * Search for clients that reach the project only through Supabase: the question goes to the gateway's `POST /v1/search` as
 * the same caller, and its answer comes back as it is, refusals included.
 */
import { CORS } from "../_shared/cors.ts";

/** What the handler needs from outside; tests give a gateway of their own. */
export interface Surroundings {
  /** Base URL of the gateway, without a trailing slash. */
  gatewayUrl: string;
  /** Longest wait for the gateway's answer, in milliseconds. */
  timeoutMs: number;
}

/** Seconds after which asking again is worth it when the gateway could not be reached. */
const RETRY_AFTER_S = 2;

/**
 * What reaches the gateway. Whoever the caller is, or claims to be, the gateway judges: a token that does not hold must not
 * get lost on the way. The rest says what the SDK says of itself, the trace that the request belongs to, and the addresses
 * that it came through.
 */
export const FORWARDED = [
  ...["authorization", "content-type", "accept", "accept-language"],
  ...["x-client-info", "x-region", "x-retry-count", "x-request-id"],
  ...["traceparent", "tracestate", "baggage", "x-forwarded-for"],
];

/** What comes back of the gateway's answer, beside its body. */
const RETURNED = [
  ...["content-type", "cache-control", "www-authenticate", "retry-after", "ratelimit", "ratelimit-policy"],
  ...["server-timing", "x-request-id"],
];

/** Makes the request handler. */
export function createHandler({ gatewayUrl, timeoutMs }: Surroundings): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: CORS });
    if (request.method !== "POST") {
      return problem(405, "Method Not Allowed", "Send the question with POST.", { allow: "POST, OPTIONS" });
    }
    try {
      const answer = await fetch(`${gatewayUrl}/v1/search`, {
        method: "POST",
        headers: picked(request.headers, FORWARDED),
        body: await request.arrayBuffer(),
        signal: AbortSignal.timeout(timeoutMs),
      });
      // Read here, so that a connection that breaks in the middle of the answer is a 503 as well.
      const body = await answer.arrayBuffer();
      return new Response(body, { status: answer.status, headers: { ...CORS, ...picked(answer.headers, RETURNED) } });
    } catch (error) {
      if (!cannotReach(error)) throw error;
      const retry = { "retry-after": String(RETRY_AFTER_S) };
      return problem(503, "Service Unavailable", "The search service cannot be reached. Try again shortly.", retry);
    }
  };
}

function picked(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  }));
}

/** Whether `fetch` failed for want of a gateway: refused, reset, unknown host, or too slow. */
function cannotReach(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof DOMException && error.name === "TimeoutError");
}

function problem(status: number, title: string, detail: string, headers: Record<string, string>): Response {
  return new Response(JSON.stringify({ type: "about:blank", title, status, detail }), {
    status,
    headers: { ...CORS, ...headers, "content-type": "application/problem+json" },
  });
}
