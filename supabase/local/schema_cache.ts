/**
 * What the Data API knows about the schema. Read as `supabase_admin`, because `information_schema` shows a login only
 * what it may touch; kept until someone says `notify pgrst, 'reload schema'`, as PostgREST does.
 */
import { createPostgresConnection, type PostgresConnection } from "@supabase/lite/postgres";
import postgres from "postgres";
import { API_ROLES, type RoleSettings } from "./role_context.ts";
import { DatabaseUnavailableError } from "./sql_errors.ts";

/** The package's own description of tables, columns, keys and functions. */
export type Introspection = Awaited<ReturnType<PostgresConnection["introspect"]>>;

/** Default expressions by `schema.table`, then by column: SQL text as the catalog prints it. */
export type ColumnDefaults = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** One consistent reading of the catalog. */
export interface Schema {
  introspection: Introspection;
  columnDefaults: ColumnDefaults;
  roleSettings: RoleSettings;
}

const RETRY_MS = 200;

/** Reconnect quickly: the driver's own backoff grows to 20 s, far longer than a restart of PostgreSQL takes. */
export const RECONNECT = { backoff: () => RETRY_MS / 1000, connect_timeout: 5, onnotice: () => {} };

/** Caches the schema and forgets it on request. */
export class SchemaCache {
  #catalog: PostgresConnection;
  #listener: postgres.Sql;
  #current: Promise<Schema> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #tries = 0;
  #closed = false;

  constructor(adminDatabaseUrl: string) {
    this.#catalog = createPostgresConnection({
      url: adminDatabaseUrl,
      postgresOptions: { max: 1, ...RECONNECT },
    });
    this.#listener = postgres(adminDatabaseUrl, {
      max: 1,
      ...RECONNECT,
      idle_timeout: 0,
      max_lifetime: null,
      onclose: () => this.#listenSoon(),
      onnotify: (_channel: string, payload: string) => this.#notified(payload),
      // The driver's types leave out `onnotify`, which its own `listen()` is built on. That one gives up when its
      // first attempt to reconnect fails.
    } as postgres.Options<Record<string, never>>);
  }

  /** Starts listening for reload notices, and keeps doing so whenever PostgreSQL comes back. */
  start(): void {
    this.#listenSoon();
  }

  /** The schema, read at most once until it is forgotten. */
  get(): Promise<Schema> {
    if (this.#current === undefined) {
      const loading = this.#load();
      this.#current = loading;
      // A failed reading must not be kept: the next request tries again. The caller sees the error itself.
      loading.catch(() => {
        if (this.#current === loading) this.#current = undefined;
      });
    }
    return this.#current;
  }

  /** Forgets the schema, so that the next request reads it anew. */
  forget(): void {
    this.#current = undefined;
  }

  /** Closes both connections. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    await Promise.all([this.#catalog.close(), this.#listener.end({ timeout: 1 })]);
  }

  #notified(payload: string): void {
    if (payload === "" || payload.startsWith("reload")) this.forget();
  }

  /** Notices may have been missed while the connection was down: forget the schema once it listens again. */
  #listenSoon(): void {
    if (this.#closed || this.#retry !== undefined) return;
    this.#retry = setTimeout(async () => {
      try {
        await this.#listener.unsafe("listen pgrst");
        this.#retry = undefined;
        this.forget();
      } catch {
        this.#retry = undefined;
        this.#listenSoon(); // still down: requests report it, repeating it here would only be noise
      }
    }, this.#tries++ === 0 ? 0 : RETRY_MS);
  }

  async #load(): Promise<Schema> {
    const introspection = await this.#catalog.introspect({ useCache: false });
    // The package answers a failed reading with an empty schema, which would turn every request into a 404.
    if (introspection.timezones === undefined) {
      await this.#catalog.driver`select 1`; // raises why, when PostgreSQL is away
      throw new DatabaseUnavailableError("the schema could not be read"); // it was away a moment ago
    }
    const columnDefaults = await this.#columnDefaults();
    return { introspection, columnDefaults, roleSettings: await this.#roleSettings() };
  }

  async #columnDefaults(): Promise<ColumnDefaults> {
    const rows = await this.#catalog.driver.begin(async (sql) => {
      await sql`set local search_path = ''`; // so that the catalog prints every name qualified
      return sql<{ relation: string; column: string; expression: string }[]>`
        select n.nspname || '.' || c.relname as relation, a.attname as column,
               pg_get_expr(d.adbin, d.adrelid) as expression
          from pg_attrdef d
          join pg_class c on c.oid = d.adrelid
          join pg_namespace n on n.oid = c.relnamespace
          join pg_attribute a on a.attrelid = d.adrelid and a.attnum = d.adnum
         where a.attgenerated = '' and n.nspname not in ('pg_catalog', 'information_schema')`;
    });
    const defaults = new Map<string, Map<string, string>>();
    for (const { relation, column, expression } of rows) {
      const columns = defaults.get(relation) ?? new Map<string, string>();
      defaults.set(relation, columns.set(column, expression));
    }
    return defaults;
  }

  async #roleSettings(): Promise<RoleSettings> {
    const rows = await this.#catalog.driver<{ role: string; setting: string }[]>`
      select r.rolname as role, unnest(s.setconfig) as setting
        from pg_db_role_setting s
        join pg_roles r on r.oid = s.setrole
       where s.setdatabase in (0, (select oid from pg_database where datname = current_database()))
         and r.rolname = any (${[...API_ROLES]})`;
    const settings = new Map<string, [string, string][]>();
    for (const { role, setting } of rows) {
      const [name, ...value] = setting.split("=");
      settings.set(role, [...(settings.get(role) ?? []), [name, value.join("=")]]);
    }
    return settings;
  }
}
