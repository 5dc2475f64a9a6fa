/**
 * Mails of Auth: each is a file, which a hosted project would send. Their links lead to where the request asked for, and
 * by PKCE to a code there when it asked for that.
 */
import type { EmailDriver, EmailMessage } from "@supabase/lite";
import { base64url } from "jose";
import { AuthError } from "./auth_bodies.ts";
import { requestScope } from "./request_scope.ts";
import type { Tokens } from "./tokens.ts";

type Fields = Record<string, unknown>;
type Forward = (request: Request) => Promise<Response>;

/** What a client proves later that it was the one who asked. */
export interface Challenge {
  value: string;
  method: string;
}

/** What the link of a mail is to do, as the request that causes it says. */
export interface LinkWish {
  redirectTo?: string;
  challenge?: Challenge;
}

interface Kept<T> {
  value: T;
  until: number;
}

const PKCE = "pkce_"; // what GoTrue puts before the token of such a link
const CODE_MS = 5 * 60_000;
const LINK_MS = 3_600_000;
const KEPT_MAILS = 200;
const LINK = /https?:\/\/[^\s"'<>]+\/auth\/v1\/verify\?[^\s"'<>]+/g;

/** Writes mails into a folder, and answers their links. */
export class Mails implements EmailDriver {
  #challenges = new Map<string, Kept<Challenge>>();
  #codes = new Map<string, Kept<{ challenge: Challenge; refreshToken: string }>>();
  #sent = 0;

  constructor(
    private readonly folder: string,
    private readonly publishableKey: string,
    private readonly tokens: Tokens,
  ) {}

  /** Keeps a mail, and forgets the oldest ones. */
  async send({ to, subject, text, html }: EmailMessage): Promise<void> {
    const wish = requestScope.getStore()?.link ?? {};
    const body = (text ?? html ?? "").replaceAll(LINK, (link) => this.#rewritten(link, wish));
    await Deno.mkdir(this.folder, { recursive: true, mode: 0o700 });
    const number = String(this.#sent++).padStart(6, "0");
    const name = `${new Date().toISOString().replaceAll(":", "-")}-${number}.txt`;
    await Deno.writeTextFile(`${this.folder}/${name}`, `To: ${to}\nSubject: ${subject}\n\n${body}\n`, { mode: 0o600 });
    const names = (await Array.fromAsync(Deno.readDir(this.folder), (entry) => entry.name)).sort();
    for (const old of names.slice(0, -KEPT_MAILS)) {
      try {
        await Deno.remove(`${this.folder}/${old}`);
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error; // another mail has removed it
      }
    }
  }

  /** The token of a link without what says that it wants PKCE. */
  plainToken(token: string): string {
    return token.startsWith(PKCE) ? token.slice(PKCE.length) : token;
  }

  /** Where the browser goes after a link was opened: `response` of the package, with the tokens that clients can verify. */
  async followed(token: string, response: Response, request: Request, forward: Forward): Promise<Response> {
    const [place, fragment] = (response.headers.get("location") ?? "").split("#");
    const answer = new URLSearchParams(fragment);
    const [access, refresh] = [answer.get("access_token"), answer.get("refresh_token")];
    if (access === null || refresh === null) return response;
    const challenge = token.startsWith(PKCE) ? taken(this.#challenges, this.plainToken(token)) : undefined;
    if (challenge !== undefined) {
      const code = crypto.randomUUID();
      keep(this.#codes, code, { challenge, refreshToken: refresh }, CODE_MS);
      const target = new URL(place);
      target.searchParams.set("code", code);
      return new Response(null, { status: 303, headers: { location: target.href } });
    }
    const person = await forward(this.#inner(request, "GET", "user", access));
    answer.set("access_token", await this.tokens.outward(access, await person.json()));
    return new Response(null, { status: 303, headers: { location: `${place}#${answer}` } });
  }

  /** The session of a code, once; null for a code that no link gave. */
  async exchanged(fields: Fields, request: Request, forward: Forward): Promise<Response | null> {
    const [code, verifier] = [String(fields.auth_code ?? ""), String(fields.code_verifier ?? "")];
    if (!this.#codes.has(code)) return null;
    const found = taken(this.#codes, code);
    if (found === undefined) {
      throw new AuthError(404, "flow_state_expired", "invalid flow state, flow state has expired");
    }
    const { value, method } = found.challenge;
    if ((method === "plain" ? verifier : await hashed(verifier)) !== value) {
      const message = "code challenge does not match previously saved code verifier";
      throw new AuthError(400, "bad_code_verifier", message);
    }
    const body = JSON.stringify({ refresh_token: found.refreshToken });
    return await forward(this.#inner(request, "POST", "token?grant_type=refresh_token", undefined, body));
  }

  /** A request of the same client to another path of Auth. A browser that opens a link has no key. */
  #inner(request: Request, method: string, path: string, token?: string, body?: string): Request {
    const headers = new Headers({ "content-type": "application/json", apikey: this.publishableKey });
    if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
    return new Request(new URL(`/auth/v1/${path}`, request.url), { method, headers, body });
  }

  #rewritten(link: string, { redirectTo, challenge }: LinkWish): string {
    const url = new URL(link.replaceAll("&amp;", "&"));
    if (redirectTo !== undefined) url.searchParams.set("redirect_to", redirectTo);
    const token = url.searchParams.get("token");
    if (challenge !== undefined && token !== null) {
      keep(this.#challenges, token, challenge, LINK_MS);
      url.searchParams.set("token", PKCE + token);
    }
    return url.href;
  }
}

/**
 * What the link of a mail is to do.
 * @throws AuthError for a challenge that GoTrue would refuse.
 */
export function linkWish(url: URL, fields: Fields): LinkWish {
  const redirectTo = url.searchParams.get("redirect_to") ?? undefined;
  const [value, method] = [
    String(fields.code_challenge ?? ""),
    String(fields.code_challenge_method ?? "").toLowerCase(),
  ];
  if (value === "" && method === "") return { redirectTo };
  if (value === "" || method === "") {
    throw new AuthError(400, "validation_failed", "PKCE flow requires code_challenge_method and code_challenge");
  }
  if (method !== "plain" && method !== "s256") {
    throw new AuthError(400, "validation_failed", "Invalid code_challenge_method");
  }
  return { redirectTo, challenge: { value, method } };
}

async function hashed(verifier: string): Promise<string> {
  return base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

function keep<T>(kept: Map<string, Kept<T>>, key: string, value: T, forMs: number): void {
  for (const [old, { until }] of kept) if (until < Date.now()) kept.delete(old);
  kept.set(key, { value, until: Date.now() + forMs });
}

/** The value, which is used up; undefined when its time is over. */
function taken<T>(kept: Map<string, Kept<T>>, key: string): T | undefined {
  const found = kept.get(key);
  kept.delete(key);
  return found !== undefined && found.until >= Date.now() ? found.value : undefined;
}
