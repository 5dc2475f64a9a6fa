/**
 * Auth in front of the package: types are checked, requests about one person wait for each other, bans are kept, and what
 * is not there says so.
 */
import { decodeJwt, type JWTPayload } from "jose";
import type postgres from "postgres";
import { AuthError, readFields, requireAddress } from "./auth_bodies.ts";
import type { KeyedLock } from "./keyed_lock.ts";
import { linkWish, type Mails } from "./mails.ts";
import { requestScope } from "./request_scope.ts";

type Fields = Record<string, unknown>;
type Forward = (request: Request) => Promise<Response>;

/** What the package offers, by method and path below `/auth/v1`. */
const OFFERED = [
  "POST signup",
  "POST token",
  "POST otp",
  "POST magiclink",
  "POST verify",
  "GET verify",
  "POST recover",
  "POST resend",
  "GET settings",
  "GET authorize",
  "GET callback",
  "POST callback",
  "POST logout",
  "GET user",
  "PUT user",
  "GET reauthenticate",
];
const PATHS = OFFERED.map((each) => each.split(" ")[1]);

/** Paths that want a person's token. */
const WITH_TOKEN = ["user", "logout", "reauthenticate"];
/** Paths that send a mail with a link. */
const WITH_MAIL = ["signup", "otp", "magiclink", "recover", "resend", "user"];
const ABSENT_GRANTS = ["id_token", "web3"];

/** Serves `/auth/v1/…` but for the admin API. */
export class AuthRequests {
  constructor(private readonly sql: postgres.Sql, private readonly lock: KeyedLock, private readonly mails: Mails) {}

  /** Answers a request whose credentials have been admitted, with the help of the package. */
  async handle(request: Request, forward: Forward): Promise<Response> {
    try {
      return await this.#answer(request, forward);
    } catch (error) {
      if (error instanceof AuthError) return error.toResponse();
      throw error;
    }
  }

  async #answer(request: Request, forward: Forward): Promise<Response> {
    const url = new URL(request.url);
    const path = url.pathname.slice("/auth/v1/".length).replace(/\/$/, "");
    if (!PATHS.includes(path) && !path.startsWith(".well-known/")) throw absent(`${request.method} ${url.pathname}`);
    // The package refuses any other method; what a provider of identities posts is its own to read.
    if (!OFFERED.includes(`${request.method} ${path}`) || path === "callback") return await forward(request);
    const grant = path === "token" ? url.searchParams.get("grant_type") ?? "" : "";
    if (ABSENT_GRANTS.includes(grant)) throw absent(`a sign-in with grant_type=${grant}`);
    const query = Object.fromEntries(url.searchParams);
    const fields = request.method === "GET" ? query : readFields(await request.text());
    requirePossible(path, fields);
    // A code of a mail is the same whether a form calls it that of an e-mail, as its documentation does, or of a magic link.
    if (path === "verify" && fields.type === "email") fields.type = "magiclink";
    const token = String(fields.token ?? "");
    for (const name of ["token", "token_hash"]) {
      if (typeof fields[name] === "string") fields[name] = this.mails.plainToken(fields[name]);
    }
    const scope = requestScope.getStore();
    if (scope !== undefined && WITH_MAIL.includes(path)) scope.link = linkWish(url, fields);
    const person = path === "token" || path === "verify" ? undefined : claimsOf(request)?.sub;
    return await this.lock.run(keysOf(fields, person), async () => {
      await this.#refuseBanned(path, grant, fields, person);
      if (path === "otp") await this.#signUpWithData(request, fields, forward);
      const session = grant === "pkce" ? await this.mails.exchanged(fields, request, forward) : null;
      const response = session ?? await forward(rewritten(request, url, fields));
      if (path === "user" && fields.password !== undefined && response.ok) await this.#endOtherSessions(request);
      const isLink = path === "verify" && request.method === "GET";
      return isLink ? await this.mails.followed(token, response, request, forward) : response;
    });
  }

  /** Somebody new may say something of themselves with the first code that they ask for, which the package drops. */
  async #signUpWithData(request: Request, fields: Fields, forward: Forward): Promise<void> {
    const { email, data, create_user: mayBeNew } = fields;
    if (typeof email !== "string" || data === undefined || mayBeNew === false) return;
    const known = await this.sql`select from auth.users where email = ${email.trim().toLowerCase()}`;
    if (known.length > 0) return;
    const body = { email, data, password: `${crypto.randomUUID()}${crypto.randomUUID()}`.slice(0, 72) };
    await forward(rewritten(request, new URL("/auth/v1/signup", request.url), body));
  }

  /** A ban ends every way to a new token, and the use of an old one. */
  async #refuseBanned(path: string, grant: string, fields: Fields, person: string | undefined): Promise<void> {
    const [email, token] = [String(fields.email ?? "").toLowerCase(), String(fields.refresh_token ?? "")];
    const code = String(fields.token_hash ?? fields.token ?? "");
    if (grant === "password" && await this.#isBanned("email", email)) {
      throw new AuthError(400, "user_banned", "User is banned");
    }
    if (grant === "refresh_token" && await this.#isBanned("refresh token", token)) {
      throw new AuthError(400, "user_banned", "Invalid Refresh Token: User Banned");
    }
    const isBanned = path === "verify"
      ? await this.#isBanned("email", email) || await this.#isBanned("code", code)
      : WITH_TOKEN.includes(path) && await this.#isBanned("id", person ?? "");
    if (isBanned) throw new AuthError(403, "user_banned", "User is banned");
  }

  /** Whoever changes a password does not trust what the old one gave. */
  async #endOtherSessions(request: Request): Promise<void> {
    const { sub = "", session_id: session = "" } = claimsOf(request) ?? {};
    const sql = this.sql;
    const others = sql`user_id::text = ${sub} and`;
    await sql`delete from auth.refresh_tokens where ${others} session_id::text is distinct from ${String(session)}`;
    await sql`delete from auth.sessions where ${others} id::text <> ${String(session)}`;
  }

  async #isBanned(by: "id" | "email" | "refresh token" | "code", value: string): Promise<boolean> {
    if (value === "") return false;
    const sql = this.sql;
    const who = {
      id: sql`id::text = ${value}`,
      email: sql`email = ${value}`,
      "refresh token": sql`id::text in (select user_id::text from auth.refresh_tokens where token = ${value})`,
      code: sql`${value} in (confirmation_token, recovery_token, email_change_token_new, email_change_token_current)`,
    }[by];
    const rows = await sql`select from auth.users where ${who} and banned_until > now()`;
    return rows.length > 0;
  }
}

/** What a client can ask for that only a hosted project has. */
function absent(what: string): AuthError {
  return new AuthError(501, "not_implemented", `The local stack does not offer ${what}; a hosted project does`);
}

function requirePossible(path: string, { email, phone, type }: Fields): void {
  if (phone && !email) throw absent("telephone numbers in Auth");
  if (path === "resend" && ["sms", "phone_change"].includes(String(type))) throw absent("telephone numbers in Auth");
  requireAddress(email);
}

/** What the token of a request says. It has been verified. */
function claimsOf(request: Request): JWTPayload | undefined {
  const bearer = request.headers.get("authorization")?.match(/^Bearer\s+(\S+)$/i)?.[1];
  return bearer?.split(".").length === 3 ? decodeJwt(bearer) : undefined;
}

/** What a request must be alone with. */
function keysOf({ email, refresh_token: token }: Fields, person: string | undefined): string[] {
  return [
    ...typeof email === "string" ? [addressKey(email)] : [],
    ...typeof token === "string" ? [`token ${token}`] : [],
    ...person === undefined ? [] : [personKey(person)],
  ];
}

/** The key of everything that is about one address. */
export function addressKey(email: string): string {
  return `address ${email.trim().toLowerCase()}`;
}

/** The key of everything that is about one person. */
export function personKey(id: string): string {
  return `person ${id.toLowerCase()}`;
}

function rewritten(request: Request, url: URL, fields: Fields): Request {
  if (request.method === "GET") {
    for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, String(value));
    return new Request(url, request);
  }
  const headers = new Headers(request.headers);
  headers.delete("content-length");
  return new Request(url, { method: request.method, headers, body: JSON.stringify(fields) });
}
