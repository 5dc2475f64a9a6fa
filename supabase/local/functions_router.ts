/**
 * Edge Functions: `/functions/v1/<name>` runs `<dir>/<name>/index.ts` in this process. A function calls
 * `Deno.serve(handler)`, as on hosted; here its handler is taken instead of a port, so that one port serves everything.
 */
import { pathToFileURL } from "node:url";
import { preflightAnswer, readableByPages } from "./cors.ts";
import { InvalidTokenError, type Tokens } from "./tokens.ts";

type Handler = (request: Request) => Response | Promise<Response>;

/** Loads each function once, at its first call. */
export class FunctionsRouter {
  #directory: string;
  #tokens: Tokens;
  #handlers = new Map<string, Promise<Handler | undefined>>();
  /** Loading is one after another: only one module at a time may be the one that calls `Deno.serve`. */
  #loading: Promise<unknown> = Promise.resolve();
  #public: ReadonlySet<string>;

  /** `withoutTokenCheck` names the functions that look at the token themselves. */
  constructor(directory: string, tokens: Tokens, withoutTokenCheck: ReadonlySet<string>) {
    this.#directory = directory;
    this.#tokens = tokens;
    this.#public = withoutTokenCheck;
  }

  /**
   * Answers `/functions/v1/<name>/…`; the function sees the path from its own name on, and the addresses that the request
   * came through. Preflights are the function's own to answer, as on hosted; for one that cannot be loaded they are
   * answered here, so that a page can read why.
   */
  async handle(request: Request, peerAddress: string): Promise<Response> {
    const url = new URL(request.url);
    const [name, ...rest] = url.pathname.split("/").slice(3);
    if (request.method === "OPTIONS" && !await this.#isLoadable(name)) return preflightAnswer();
    const handler = await this.#handler(name);
    if (handler === undefined) return refusal(404, "NOT_FOUND", "Requested function was not found");
    if (request.method !== "OPTIONS" && !this.#public.has(name)) {
      const refused = await this.#checkToken(request);
      if (refused !== undefined) return refused;
    }
    const passed = new Request(new URL(`/${[name, ...rest].join("/")}${url.search}`, url), request);
    passed.headers.append("x-forwarded-for", peerAddress);
    return await handler(passed);
  }

  async #isLoadable(name: string): Promise<boolean> {
    try {
      return await this.#handler(name) !== undefined;
    } catch {
      return false; // the request that follows reports why
    }
  }

  async #checkToken(request: Request): Promise<Response | undefined> {
    const bearer = request.headers.get("authorization")?.match(/^Bearer\s+(\S+)$/i)?.[1];
    if (bearer === undefined) return refusal(401, "UNAUTHORIZED_NO_AUTH_HEADER", "Missing authorization header");
    try {
      await this.#tokens.verify(bearer);
      return undefined;
    } catch (error) {
      if (error instanceof InvalidTokenError) return refusal(401, "UNAUTHORIZED_INVALID_JWT_FORMAT", "Invalid JWT");
      throw error;
    }
  }

  #handler(name: string): Promise<Handler | undefined> {
    // Names are plain words; a leading underscore marks code that functions share.
    if (!/^[A-Za-z0-9][\w-]*$/.test(name)) return Promise.resolve(undefined);
    let handler = this.#handlers.get(name);
    if (handler === undefined) {
      handler = this.#loading.then(() => this.#load(name));
      this.#loading = handler.catch(() => undefined); // the request that asked for it reports the failure
      this.#handlers.set(name, handler);
      handler.then((found) => found ?? this.#handlers.delete(name), () => this.#handlers.delete(name));
    }
    return handler;
  }

  async #load(name: string): Promise<Handler | undefined> {
    const file = `${this.#directory}/${name}/index.ts`;
    if (!await exists(file)) return undefined;
    let served: unknown;
    const serve = Deno.serve;
    Object.assign(Deno, {
      serve: (...parts: unknown[]) => {
        served = parts.find((part) => typeof part === "function") ?? (parts[0] as { handler?: unknown }).handler;
        return { finished: Promise.resolve(), shutdown: () => Promise.resolve(), ref: () => {}, unref: () => {} };
      },
    });
    try {
      const module = await import(pathToFileURL(await Deno.realPath(file)).href);
      served ??= module.default?.fetch ?? module.default;
    } finally {
      Object.assign(Deno, { serve });
    }
    if (typeof served !== "function") throw new Error(`function ${name} serves nothing`);
    return served as Handler;
  }
}

function refusal(status: number, code: string, message: string): Response {
  return readableByPages(Response.json({ code, message }, { status }));
}

async function exists(file: string): Promise<boolean> {
  try {
    return (await Deno.stat(file)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
