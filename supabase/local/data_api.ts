/**
 * The Data API: `@supabase/lite` over PostgreSQL, behaving like PostgREST where the package by itself does not. Every
 * request runs in one transaction as its caller, whatever the tables look like, and nothing is granted here.
 */
import { App, setExperimental } from "@supabase/lite";
import { PostgresConnection } from "@supabase/lite/postgres";
import { boundedSocket, exceeds, tooLargeResponse } from "./answer_bounds.ts";
import { answersOneRow, RowAsJsonPlugin } from "./composites.ts";
import { ComparisonPlugin, placeFilters } from "./conditions.ts";
import { asPostgrest } from "./data_api_answers.ts";
import { asGet, isHeadOfDataApi, RowsOnlyPlugin, withoutBody } from "./head_requests.ts";
import { encodeArguments, JsonBodyPlugin, withEveryKey } from "./json_bodies.ts";
import { describe } from "./log.ts";
import type { Mails } from "./mails.ts";
import type { ProjectConfig } from "./project_config.ts";
import { readQuery } from "./query_strings.ts";
import { refusalOfWholeTable } from "./refusals.ts";
import { becomeCaller, callerOf, type Database } from "./role_context.ts";
import { type RequestScope, requestScope } from "./request_scope.ts";
import { type Introspection, RECONNECT, type SchemaCache } from "./schema_cache.ts";
import type { Settings } from "./settings.ts";
import { databaseUnavailable, isConnectionError, isSqlError, sqlErrorResponse } from "./sql_errors.ts";
import { FileStorage } from "./storage_files.ts";
import { UpsertPlugin } from "./upserts.ts";
import { wireTypes } from "./wire_types.ts";

/** Connections of the Data API, Auth and Storage together. */
const POOL_SIZE = 10;

type Variables = Parameters<PostgresConnection["withContext"]>[0];
type ContextOptions = Parameters<PostgresConnection["withContext"]>[2];
type Ast = Parameters<PostgresConnection["onPostgrestAST"]>[0];

/** Carries an answer out of a transaction, so that leaving it rolls back. */
class RolledBack extends Error {
  constructor(readonly answer: unknown) {
    super("rolled back on purpose");
  }
}

/** The package's connection, with its role handling, its schema reading and its error answers replaced. */
export class CallerConnection extends PostgresConnection {
  #schema: SchemaCache;
  #maxBytes: number;

  constructor({ databaseUrl, maxAnswerBytes }: Settings, schema: SchemaCache) {
    super({ url: databaseUrl, postgresOptions: driverOptions(maxAnswerBytes) });
    this.#schema = schema;
    this.#maxBytes = maxAnswerBytes;
  }

  override async introspect(): Promise<Introspection> {
    return (await this.#schema.get()).introspection;
  }

  override clearSchemaCache(): Promise<void> {
    this.#schema.forget();
    return Promise.resolve();
  }

  override async onPostgrestAST(ast: Ast): Promise<Ast> {
    const known = await super.onPostgrestAST(ast);
    withFilters(known);
    const { type, function: name, args, schema, values, $meta } = known;
    // The package answers null for a key that a row of the body lacks, whatever the row got in the table.
    if (values && $meta?.columns) return { ...known, values: withEveryKey(values, $meta.columns) };
    if (type !== "rpc" || name === undefined || !args || Array.isArray(args)) return known;
    const { functions } = await this.introspect();
    const call = { schema, function: name, args: args as Record<string, unknown> };
    return { ...known, args: encodeArguments(call, functions, requestScope.getStore()?.jsonArguments) };
  }

  /**
   * Runs `work` as the caller in one transaction. Auth's own statements carry no caller and run as the login. An error
   * of PostgreSQL, an answer that refuses the request, and a permission probe of Storage roll everything back.
   */
  override async withContext<T>(
    vars: Variables,
    work: (db: Database) => Promise<T>,
    options?: ContextOptions,
  ): Promise<T> {
    if (vars === undefined) return work(options?.transaction ?? this.kysely);
    const asCaller = async (transaction: Database) => {
      let answer: unknown = await this.#asCaller(transaction, vars, work);
      if (answer instanceof Response && exceeds(answer, this.#maxBytes)) answer = tooLargeResponse(this.#maxBytes);
      const refused = answer instanceof Response && answer.status >= 400;
      if (refused || options?.forceRollback) throw new RolledBack(answer);
      return answer as T;
    };
    try {
      if (options?.transaction) return await asCaller(options.transaction);
      return await this.kysely.transaction().execute(asCaller);
    } catch (error) {
      if (error instanceof RolledBack) return error.answer as T;
      const answer = errorAnswer(error, callerOf(vars).role !== "anon");
      if (answer === undefined) throw error;
      return answer as T; // the Data API's work is a Response; other callers never reach this line
    }
  }

  async #asCaller<T>(transaction: Database, vars: NonNullable<Variables>, work: (db: Database) => Promise<T>) {
    const { roleSettings, columnDefaults, introspection } = await this.#schema.get();
    const scope = requestScope.getStore();
    await becomeCaller(transaction, callerOf(vars), scope, roleSettings);
    // Storage upserts as well, in statements of the package's own making.
    if (!scope?.path.startsWith("/rest/")) return work(transaction);
    const filtered = transaction.withPlugin(new ComparisonPlugin());
    if (scope.method === "HEAD") return work(filtered.withPlugin(new RowsOnlyPlugin()));
    if (answersOneRow(scope.path, introspection)) return work(filtered.withPlugin(new RowAsJsonPlugin()));
    const bound = filtered.withPlugin(new UpsertPlugin());
    const body = scope.jsonBody;
    return work(body === undefined ? bound : bound.withPlugin(new JsonBodyPlugin(body, scope, columnDefaults)));
  }
}

/** Adds the filters that {@link withoutFilters} took out of the request. */
function withFilters(ast: Ast): void {
  const filters = requestScope.getStore()?.filters;
  if (filters === undefined) return;
  // `{}` changes nothing: PostgREST then has no statement for PostgreSQL to refuse.
  const isHarmless = ast.values !== undefined && Object.keys(ast.values).length === 0;
  const refusal = refusalOfWholeTable(ast.type, isHarmless || filters.some(({ embed }) => embed.length === 0));
  if (refusal !== undefined) throw refusal;
  placeFilters(ast, filters, ast.type !== "insert" && ast.type !== "upsert");
}

/** The request without the filters of its query string, which `scope` gets; or the answer that refuses them. */
function withoutFilters(request: Request, scope: RequestScope): Request | Response {
  const url = new URL(request.url);
  // The package compares the filters of a PUT with its body.
  if (!url.pathname.startsWith("/rest/") || ["PUT", "OPTIONS"].includes(request.method)) return request;
  const isRead = ["GET", "HEAD"].includes(request.method);
  const query = readQuery(url.search, isRead && url.pathname.startsWith("/rest/v1/rpc/"));
  if (query instanceof Response) return query;
  scope.filters = query.filters;
  url.search = query.search;
  return new Request(url, request);
}

/** How the driver connects. Its types lack `socket`, which its documentation has. */
function driverOptions(maxAnswerBytes: number) {
  const socket = ({ host, port }: { host: string[]; port: number[] }) =>
    boundedSocket(host[0], port[0], maxAnswerBytes);
  return { max: POOL_SIZE, ...RECONNECT, types: wireTypes, socket };
}

/** The Data API's answer to an error of PostgreSQL; undefined when someone else has to answer. */
function errorAnswer(error: unknown, authenticated: boolean): Response | undefined {
  const scope = requestScope.getStore();
  if (!scope?.path.startsWith("/rest/")) return undefined;
  if (!isSqlError(error) && !isConnectionError(error)) return undefined;
  scope.failure = describe(error);
  return isSqlError(error) ? sqlErrorResponse(error, authenticated) : databaseUnavailable();
}

/** Data API, Auth and Storage as one request handler. */
export interface LocalApi {
  fetch(request: Request, scope: RequestScope, peerAddress: string): Promise<Response>;
  connection: CallerConnection;
}

/**
 * The whole path of a request to Storage decoded, as hosted Storage reads it: the package leaves `%2C` and its like in the
 * names of files. Undefined for other requests.
 */
function pathOfStorage(request: Request): string | undefined {
  const { pathname } = new URL(request.url);
  return pathname.startsWith("/storage/v1/") ? decodeURIComponent(pathname) : undefined;
}

/** Puts the package together over a connection. */
export function createLocalApi(settings: Settings, schema: SchemaCache, config: ProjectConfig, mails: Mails): LocalApi {
  setExperimental("storage", true);
  const connection = new CallerConnection(settings, schema);
  const app = new App({
    connection,
    api: { schemas: ["public"], max_rows: settings.maxRows },
    auth: {
      enabled: true,
      jwt_secret: settings.jwtSecret,
      publishable_key: settings.publishableKey,
      secret_key: settings.secretKey,
      site_url: settings.publicUrl,
      additional_redirect_urls: ["http://localhost:*/**", "https://localhost:*/**"],
      minimum_password_length: config.shortestPassword,
      // Nobody reads mail on a developer's machine; config.toml, which a hosted project gets, asks for it.
      email: { enable_confirmations: false },
    },
    options: { drivers: { email: mails } },
    storage: { enabled: true, file_size_limit: `${config.largestFile}B` },
    studio: { enabled: false },
  });
  app._storageAdapter = new FileStorage(settings.storageDir);
  const router = app.server as unknown as { getPath(request: Request, options?: unknown): string };
  const { getPath } = router;
  router.getPath = (request, options) => pathOfStorage(request) ?? getPath(request, options);
  return {
    connection,
    fetch: async (request, scope, peerAddress) => {
      const plain = withoutFilters(request, scope);
      if (plain instanceof Response) return plain;
      if (!isHeadOfDataApi(plain)) return await asPostgrest(await app.fetch(plain, { peerAddress }), request);
      return await withoutBody(await asPostgrest(await app.fetch(asGet(plain), { peerAddress }), request));
    },
  };
}
