/** Which headers go on to what a function asks, and which come back. */
import type { Exchange } from "./endpoint.ts";

/**
 * What reaches the gateway. Whoever the caller is, or claims to be, the gateway judges: a token that does not hold must not
 * get lost on the way. The rest says what the SDK says of itself, the trace that the request belongs to, and the addresses
 * that it came through.
 */
export const FORWARDED: readonly string[] = [
  ...["authorization", "content-type", "accept", "accept-language"],
  ...["x-client-info", "x-region", "x-retry-count", "x-request-id"],
  ...["traceparent", "tracestate", "baggage", "x-forwarded-for"],
];

/** What reaches the Data API beside the credentials. */
const FOR_DATA_API: readonly string[] = ["x-client-info", "traceparent", "tracestate", "baggage", "x-forwarded-for"];

/** What comes back of the gateway's answer, beside its body. */
const RETURNED: readonly string[] = [
  ...["content-type", "cache-control", "www-authenticate", "retry-after", "ratelimit", "ratelimit-policy"],
  ...["server-timing", "x-request-id"],
];

/** Headers of a request to the gateway. */
export function forGateway({ request, id }: Exchange): Record<string, string> {
  return { ...picked(request.headers, FORWARDED), "x-request-id": id };
}

/** Headers of a request to the Data API, without credentials. */
export function forDataApi({ request, id }: Exchange): Record<string, string> {
  return { ...picked(request.headers, FOR_DATA_API), "x-request-id": id };
}

/** Headers of the gateway's answer that the client gets. */
export function returned(headers: Headers): Record<string, string> {
  return picked(headers, RETURNED);
}

function picked(headers: Headers, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value]];
  }));
}
