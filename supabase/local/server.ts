/**
 * A Supabase for one machine: Data API, Auth, Storage and Edge Functions on one port of 127.0.0.1, over a PostgreSQL that
 * already has the roles and the auth and storage schemas.
 *
 *     deno run --cached-only -A supabase/local/server.ts
 *
 * Environment: see settings.ts; Edge Functions also see GATEWAY_URL. Prints one line when it listens. It is ready when
 * `GET /auth/v1/health` answers 200, which needs PostgreSQL; that is 503 while PostgreSQL is away. Every 5xx is one line on
 * stderr. SIGTERM and SIGINT finish the requests under way, then end the process with 0.
 */
import { AuthAdmin } from "./auth_admin.ts";
import { AuthRequests } from "./auth_requests.ts";
import { preflightAnswer, readableByPages } from "./cors.ts";
import { admit } from "./credentials.ts";
import { createLocalApi, type LocalApi } from "./data_api.ts";
import { FunctionsRouter } from "./functions_router.ts";
import { KeyedLock } from "./keyed_lock.ts";
import { describe, logFailedRequest, logLine, quietLibrary } from "./log.ts";
import { Mails } from "./mails.ts";
import { readProjectConfig } from "./project_config.ts";
import { opensRealtime, RealtimeRefusals } from "./realtime.ts";
import { readBody } from "./request_bodies.ts";
import { describeRequest, type RequestScope, requestScope } from "./request_scope.ts";
import { SchemaCache } from "./schema_cache.ts";
import { readSettings, type Settings, SettingsError } from "./settings.ts";
import { databaseUnavailable, isConnectionError } from "./sql_errors.ts";
import { StorageRequests } from "./storage_requests.ts";
import { Tokens } from "./tokens.ts";

/** An answer that streams on and on must not keep the process. */
const LONGEST_STOP_MS = 3_000;

const REST_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];

/** Everything that answers requests. */
interface Services {
  settings: Settings;
  api: LocalApi;
  tokens: Tokens;
  admin: AuthAdmin;
  auth: AuthRequests;
  storage: StorageRequests;
  realtime: RealtimeRefusals;
  functions: FunctionsRouter;
}

/** Answers one request and logs it when the server failed. */
async function serve(services: Services, request: Request, peerAddress: string): Promise<Response> {
  const { pathname } = new URL(request.url);
  const scope = describeRequest(request);
  let response: Response;
  try {
    response = await requestScope.run(scope, () => answer(services, request, scope, peerAddress));
  } catch (error) {
    scope.failure = describe(error);
    response = readableByPages(
      isConnectionError(error)
        ? databaseUnavailable()
        : Response.json({ message: "Internal Server Error" }, { status: 500 }),
    );
  }
  const hasFailed = response.status >= 500 && response.status !== 501; // 501 is how things are here
  if (hasFailed) logFailedRequest(request.method, pathname, response.status, scope.failure ?? "");
  return response;
}

/** An answer that every page may read; what a function says of that is its own. */
async function answer(
  services: Services,
  request: Request,
  scope: RequestScope,
  peerAddress: string,
): Promise<Response> {
  if (scope.path.startsWith("/functions/v1/")) return await services.functions.handle(request, peerAddress);
  if (request.method === "OPTIONS") return preflightAnswer();
  if (opensRealtime(request, scope.path)) return services.realtime.accept(request);
  return readableByPages(await route(services, request, scope, peerAddress));
}

async function route(
  services: Services,
  request: Request,
  scope: RequestScope,
  peerAddress: string,
): Promise<Response> {
  const { settings, api, tokens, admin, auth, storage } = services;
  const { path } = scope;
  if (path === "/auth/v1/.well-known/jwks.json") {
    return Response.json(tokens.jwks, { headers: { "cache-control": "public, max-age=600" } });
  }
  if (path === "/auth/v1/health") return await health(api);
  const admitted = await admit(request, { publishable: settings.publishableKey, secret: settings.secretKey }, tokens);
  if (admitted instanceof Response) return admitted;
  if (path.startsWith("/auth/v1/admin/")) return admin.handle(admitted);
  const forward = (request: Request) => fromPackage(services, request, scope, peerAddress);
  if (path.startsWith("/auth/")) return await withOuterToken(await auth.handle(admitted, forward), tokens);
  if (path.startsWith("/storage/v1/")) return await storage.handle(admitted, forward);
  if (!path.startsWith("/rest/")) return notOffered(path);
  if (!REST_METHODS.includes(request.method)) return unknownMethod(request.method);
  const prepared = await readBody(admitted, scope);
  return prepared instanceof Response ? prepared : await forward(prepared);
}

/** The package takes any other method for GET. */
function unknownMethod(method: string): Response {
  const message = `Unsupported HTTP method: ${method}`;
  return Response.json({ code: "PGRST117", message, details: null, hint: null }, { status: 405 });
}

async function fromPackage(
  { api }: Services,
  request: Request,
  scope: RequestScope,
  peerAddress: string,
): Promise<Response> {
  const response = await api.fetch(request, scope, peerAddress);
  // The package hides why it failed, but for the Data API's errors of SQL: a database that is away must be a 503, which
  // clients try again.
  const isSaid = scope.path.startsWith("/rest/") && response.headers.get("content-type")?.includes("json");
  if (response.status === 500 && !isSaid) await api.connection.driver`select 1`;
  return response;
}

/** The answer where nothing is: 501 for a service that a hosted project has there. */
function notOffered(path: string): Response {
  const service = path.split("/")[1];
  if (!["realtime", "graphql"].includes(service)) return Response.json({ message: "Not Found" }, { status: 404 });
  const message = `The local stack does not offer ${service}; a hosted project does`;
  return Response.json({ code: "not_implemented", message }, { status: 501 });
}

async function health(api: LocalApi): Promise<Response> {
  await api.connection.driver`select 1`;
  return Response.json({ name: "GoTrue", version: "local", description: "local stand-in" });
}

/** Replaces the package's access token in an answer of Auth by one that clients can verify. */
async function withOuterToken(response: Response, tokens: Tokens): Promise<Response> {
  if (!response.ok || !response.headers.get("content-type")?.includes("json")) return response;
  const body = await response.json();
  if (typeof body?.access_token === "string") body.access_token = await tokens.outward(body.access_token, body.user);
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(JSON.stringify(body), { status: response.status, headers });
}

async function main(): Promise<void> {
  const started = performance.now();
  quietLibrary();
  const settings = readSettings((name) => Deno.env.get(name));
  const issuer = `${settings.publicUrl}/auth/v1`;
  const tokens = await Tokens.open({ secret: settings.jwtSecret, issuer, path: settings.signingKeysPath });
  const schema = new SchemaCache(settings.adminDatabaseUrl);
  schema.start();
  const config = await readProjectConfig(`${settings.functionsDir}/../config.toml`);
  const mails = new Mails(settings.mailsDir, settings.publishableKey, tokens);
  const api = createLocalApi(settings, schema, config, mails);
  const lock = new KeyedLock();
  const services = {
    settings,
    api,
    tokens,
    admin: new AuthAdmin(api.connection.driver, settings.secretKey, config.shortestPassword, lock),
    auth: new AuthRequests(api.connection.driver, lock, mails),
    storage: new StorageRequests(api.connection, lock, { ...settings, largestFile: config.largestFile }),
    realtime: new RealtimeRefusals(),
    functions: new FunctionsRouter(settings.functionsDir, tokens, config.functionsWithoutTokenCheck),
  };
  const server = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: settings.port,
      onListen: () =>
        console.log(`listening on port ${settings.port} after ${Math.round(performance.now() - started)} ms`),
    },
    (request, info) => serve(services, request, info.remoteAddr.hostname),
  );
  const stop = async () => {
    services.realtime.close();
    const closed = server.shutdown().then(() => Promise.all([schema.close(), api.connection.close()]));
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, LONGEST_STOP_MS))]);
    Deno.exit(0);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) Deno.addSignalListener(signal, stop);
}

try {
  await main();
} catch (error) {
  if (!(error instanceof SettingsError || error instanceof Deno.errors.AddrInUse)) throw error;
  logLine(`cannot start: ${error.message}`);
  Deno.exit(1);
}
