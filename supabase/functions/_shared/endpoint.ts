/** What every function does around its own work: preflights, methods, a request id, bodies, and refusals that can be read. */
import { CORS } from "./cors.ts";
import { Problem } from "./problems.ts";

/** Most bytes of a request body, as the gateway has it. */
const MAX_BODY_BYTES = 65_536;

/** One request on its way through a function. */
export interface Exchange {
  readonly request: Request;
  /** The client's X-Request-Id if it is a plain one, else a new one; the gateway logs the same. */
  readonly id: string;
  /** When it came, by `performance.now()`. */
  readonly startedAt: number;
}

export type Handler = (request: Request) => Promise<Response>;

/**
 * A handler that answers `method`, and nothing else, with `answer`. Thrown problems become their answers; what nobody
 * expected is logged under the request id and becomes a 500. Pages may read whatever comes.
 */
export function endpoint(method: "GET" | "POST", answer: (exchange: Exchange) => Promise<Response>): Handler {
  return async (request) => {
    if (request.method === "OPTIONS") return new Response(null, { status: 204, headers: CORS });
    const exchange = { request, id: requestId(request), startedAt: performance.now() };
    const response = await answered(exchange, method, answer);
    for (const [name, value] of Object.entries(CORS)) response.headers.set(name, value);
    response.headers.set("x-request-id", exchange.id);
    return response;
  };
}

async function answered(
  exchange: Exchange,
  method: string,
  answer: (exchange: Exchange) => Promise<Response>,
): Promise<Response> {
  try {
    if (exchange.request.method !== method) {
      throw new Problem("method-not-allowed", `Use ${method}.`, { headers: { allow: `${method}, OPTIONS` } });
    }
    return await answer(exchange);
  } catch (error) {
    if (!(error instanceof Problem)) console.error(`request ${exchange.id} failed:`, error);
    const problem = error instanceof Problem
      ? error
      : new Problem("internal-error", "It has been logged under the request id. Try again later.");
    return problem.response(new URL(exchange.request.url).pathname, exchange.id);
  }
}

function requestId(request: Request): string {
  const given = request.headers.get("x-request-id") ?? "";
  return /^[A-Za-z0-9._-]{1,64}$/.test(given) ? given : crypto.randomUUID().replaceAll("-", "");
}

/** A body as it came, and what it says. */
export interface JsonBody {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly value: unknown;
}

/** Reads a JSON body. Throws a Problem for another type, for one that is too large, and for one that is no JSON. */
export async function readJson(request: Request): Promise<JsonBody> {
  const mediaType = (request.headers.get("content-type") ?? "").split(";")[0].trim().toLowerCase();
  if (!/^application\/(?:\S+\+)?json$/.test(mediaType)) {
    throw new Problem("unsupported-media-type", "Send a JSON object with the header Content-Type: application/json.");
  }
  const bytes = await readBytes(request);
  return { bytes, value: parsed(bytes, JSON.parse) };
}

/** What these bytes say, as `parse` reads it. Throws a Problem when it is no JSON. */
export function parsed(bytes: Uint8Array, parse: (text: string) => unknown): unknown {
  try {
    return parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    // A SyntaxError, or a TypeError for bytes that are not UTF-8: in either case the caller's.
    throw new Problem("bad-request", "The body is not JSON in UTF-8.");
  }
}

/** Reads a body of any type. Throws a Problem for one that is too large. */
export async function readBytes(request: Request): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const piece of request.body ?? []) {
    size += piece.byteLength;
    if (size > MAX_BODY_BYTES) {
      throw new Problem("payload-too-large", `Send at most ${MAX_BODY_BYTES} bytes.`);
    }
    pieces.push(piece);
  }
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
