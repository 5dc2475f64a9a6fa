// Every request runs in one transaction as its caller, so that the policies decide what it sees and changes.
import { createHmac, timingSafeEqual } from "node:crypto";
import { Refused } from "./errors.js";

const VISITOR = { role: "anon" };
const BECOME = "select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)";

/** The claims of whoever is calling; 401 for a header that the gateway has not signed. */
function claimsOf(header, { identityName, identitySecret }) {
  if (header === undefined) return VISITOR;
  const [head, body, signature] = header.split(".");
  const good = createHmac("sha256", identitySecret).update(`${head}.${body}`).digest();
  const given = Buffer.from(signature ?? "", "base64url");
  if (given.length !== good.length || !timingSafeEqual(given, good)) {
    throw new Refused(401, "The gateway has not signed this request.");
  }
  const said = JSON.parse(Buffer.from(body, "base64url").toString());
  if (said.iss !== "tidegate" || said.aud !== identityName || said.exp < Date.now() / 1000) {
    throw new Refused(401, "The identity is not for here, or too old.");
  }
  return said.claims;
}

export function identify(request, response, next) {
  request.claims = claimsOf(request.get("X-Tidegate-Identity"), request.app.locals.settings);
  next();
}

/** Refuses a visitor. */
export function signIn(request, response, next) {
  if (request.claims.role !== "authenticated") throw new Refused(401, "Sign in.");
  next();
}

/** A handler: `work` gets a connection that is its caller, and what it returns is sent once that is committed. */
export function asCaller(work, status = 200) {
  return async (request, response) => {
    const client = await request.app.locals.pool.connect();
    let broken;
    try {
      await client.query("begin");
      await become(client, request.claims);
      const answer = await work(client, request);
      await client.query("commit");
      response.status(status).json(answer);
    } catch (error) {
      await client.query("rollback").catch((reason) => broken = reason);
      throw error;
    } finally {
      client.release(broken); // one that broke is not used again
    }
  };
}

async function become(client, claims) {
  const role = claims.role === "authenticated" ? "authenticated" : "anon";
  await client.query(BECOME, [role, JSON.stringify(claims)]);
}
