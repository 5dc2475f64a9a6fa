/**
 * Who sends a request. A bearer token that proves nothing is refused here, on every path: it is never treated as
 * anonymous. What passes goes on with credentials that the package inside understands.
 */
import { InvalidTokenError, type Tokens } from "./tokens.ts";
import { API_ROLES } from "./role_context.ts";

/** The two API keys of a project. */
export interface ApiKeys {
  publishable: string;
  secret: string;
}

/**
 * The request with credentials for the package inside, or the answer that refuses it.
 *
 * An `apikey` may be an opaque key or a legacy JWT with the role `anon` or `service_role`. The `Authorization` header may
 * repeat the key, as the client libraries do without a session, or carry a person's token.
 */
export async function admit(request: Request, keys: ApiKeys, tokens: Tokens): Promise<Request | Response> {
  const url = new URL(request.url);
  const sentKey = request.headers.get("apikey") ?? url.searchParams.get("apikey");
  const authorization = request.headers.get("authorization");
  const bearer = authorization?.match(/^Bearer\s+(\S+)$/i)?.[1];
  if (authorization && bearer === undefined) {
    return refusal(url.pathname, new InvalidTokenError("Expected a Bearer token", false));
  }
  const headers = new Headers(request.headers);
  try {
    const key = await opaqueKey(sentKey, keys, tokens);
    if (key !== null) headers.set("apikey", key);
    if (bearer !== undefined) headers.set("authorization", `Bearer ${await innerBearer(bearer, sentKey, key, tokens)}`);
  } catch (error) {
    if (error instanceof InvalidTokenError) return refusal(url.pathname, error);
    throw error;
  }
  return new Request(request, { headers });
}

/** A legacy key, which is a JWT that carries only a role, as the opaque key of that role; any other as it is. */
async function opaqueKey(key: string | null, keys: ApiKeys, tokens: Tokens): Promise<string | null> {
  if (key === null || !looksLikeToken(key)) return key;
  const { role } = await tokens.verify(key);
  if (role === "service_role") return keys.secret;
  if (role === "anon") return keys.publishable;
  return key; // a person's token is no API key: the package answers that
}

async function innerBearer(
  bearer: string,
  sentKey: string | null,
  key: string | null,
  tokens: Tokens,
): Promise<string> {
  if (key !== null && (bearer === sentKey || bearer === key)) return key;
  if (!looksLikeToken(bearer)) {
    const parts = bearer.split(".").filter((part) => part !== "").length;
    throw new InvalidTokenError(`Expected 3 parts in JWT; got ${parts}`, false);
  }
  const claims = await tokens.verify(bearer);
  if (claims.role !== undefined && !API_ROLES.some((role) => role === claims.role)) {
    throw new InvalidTokenError(`role "${claims.role}" does not exist`, false);
  }
  return tokens.inward(claims);
}

function looksLikeToken(text: string): boolean {
  const parts = text.split(".");
  return parts.length === 3 && parts.every((part) => part !== "");
}

/** Each service refuses a bad token in its own words. */
function refusal(path: string, error: InvalidTokenError): Response {
  if (path.startsWith("/auth/")) {
    const message = `invalid JWT: unable to parse or verify signature, ${error.message}`;
    const headers = { "x-sb-error-code": "bad_jwt" };
    return Response.json({ code: 403, error_code: "bad_jwt", msg: message }, { status: 403, headers });
  }
  if (path.startsWith("/storage/")) {
    const body = { statusCode: "401", error: "InvalidJWT", message: error.message };
    return Response.json(body, { status: 401 });
  }
  const body = { code: error.expired ? "PGRST303" : "PGRST301", details: null, hint: null, message: error.message };
  const challenge = `Bearer error="invalid_token", error_description="${error.message}"`;
  return Response.json(body, { status: 401, headers: { "www-authenticate": challenge } });
}
