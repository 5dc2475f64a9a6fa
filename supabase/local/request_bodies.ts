/** Bodies of the Data API, read once, strictly, before the package sees them. */
import type { RequestScope } from "./request_scope.ts";

const WRITES = ["POST", "PATCH", "PUT"];
const TEXT = /json\b|^text\/|x-www-form-urlencoded/i;
const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * The request with its body read, or the answer that refuses it. The body of a JSON write to a table is kept in `scope`,
 * exactly as sent, for the database layer.
 */
export async function readBody(request: Request, scope: RequestScope): Promise<Request | Response> {
  const type = request.headers.get("content-type") ?? "application/json";
  if (!scope.path.startsWith("/rest/") || !WRITES.includes(request.method) || !TEXT.test(type)) return request;
  const isJson = /\bjson\b/i.test(type);
  const text = decoded(await request.arrayBuffer());
  if (text === undefined) return isJson ? noJson() : refusal("22021", 'invalid byte sequence for encoding "UTF8"');
  if (isJson && /^\/rest\/v1\/[^/]+$/.test(scope.path)) {
    // PostgREST takes a bare string or number for an empty list and answers 201; here that mistake shows.
    if (!/^\s*[[{]/.test(text)) return noJson();
    scope.jsonBody = text;
  }
  if (isJson && scope.path.startsWith("/rest/v1/rpc/") && /^\s*{/.test(text)) scope.jsonArguments = text;
  return new Request(request.url, { method: request.method, headers: request.headers, body: text });
}

/** The text of UTF-8 bytes; undefined for other bytes, which a lenient reading would replace and store. */
function decoded(bytes: ArrayBuffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function noJson(): Response {
  return refusal("PGRST102", "Empty or invalid json");
}

function refusal(code: string, message: string): Response {
  return Response.json({ code, details: null, hint: null, message }, { status: 400 });
}
