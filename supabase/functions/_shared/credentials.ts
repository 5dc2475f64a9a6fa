/** Whom the Data API is asked as. The gateway looks at tokens itself; these are its rules for when it is away. */
import { Problem, unauthenticated } from "./problems.ts";

const SERVICE_KEY = "Secret and service keys are not accepted: send a person's access token, or none.";

/** The headers that say who asks the Data API, for a request that came. */
export type Credentials = (request: Request) => Record<string, string>;

/** The Data API is asked as whoever called, or as nobody. */
export function ofCaller(publishableKey: string): Credentials {
  return (request) => {
    const token = tokenOf(request, publishableKey);
    return { apikey: publishableKey, ...token === undefined ? {} : { authorization: `Bearer ${token}` } };
  };
}

/** The Data API is asked with the project's secret key, whoever called. A legacy key is a token as well. */
export function ofService(secretKey: string): Credentials {
  const isToken = secretKey.split(".").length === 3;
  return () => ({ apikey: secretKey, ...isToken ? { authorization: `Bearer ${secretKey}` } : {} });
}

/**
 * The caller's token for the Data API, which verifies it; undefined for nobody. Throws a Problem for what is no person's
 * token: it is never taken for nobody's.
 */
export function tokenOf(request: Request, publishableKey: string): string | undefined {
  const authorization = request.headers.get("authorization");
  if (authorization === null) return undefined;
  const token = authorization.match(/^Bearer +([^\s,]+)$/i)?.[1];
  if (token === undefined) {
    throw unauthenticated("The Authorization header must read: Bearer, a space, an access token.");
  }
  if (token === publishableKey) return undefined; // Supabase's clients send their key when nobody is signed in
  if (token.startsWith("sb_publishable_")) {
    throw unauthenticated("The token is the publishable key of another project.");
  }
  if (token.startsWith("sb_secret_")) throw unauthenticated(SERVICE_KEY);
  const role = roleOf(token);
  // Not verified, but a token that says this of itself is refused whoever signed it: it would see every row.
  if (role === "service_role") throw unauthenticated(SERVICE_KEY);
  if (role !== "authenticated" && role !== "anon") {
    throw new Problem("forbidden", "The function serves people (role authenticated) and visitors (role anon) alone.");
  }
  return token;
}

function roleOf(token: string): unknown {
  try {
    const [, payload] = token.split(".");
    const bytes = Uint8Array.from(atob(payload.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes)).role;
  } catch {
    throw unauthenticated("The token is not a JSON Web Token.");
  }
}
