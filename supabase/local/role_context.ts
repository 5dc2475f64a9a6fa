/**
 * Becoming the caller: role, claims and the role's own settings, set for one transaction in one round trip, as PostgREST
 * does before every statement.
 */
import { type Kysely, sql } from "kysely";
import type { RequestScope } from "./request_scope.ts";

/** A connection or transaction of the package, which declares no tables. */
// deno-lint-ignore no-explicit-any
export type Database = Kysely<any>;

/** The roles that a request may run as. */
export const API_ROLES = ["anon", "authenticated", "service_role"] as const;
export type ApiRole = typeof API_ROLES[number];

/** Settings that `alter role … set` gave a role, in order. */
export type RoleSettings = ReadonlyMap<string, readonly (readonly [name: string, value: string])[]>;

/** Who calls, as `@supabase/lite` derives it from the key and the token. */
export interface Caller {
  role: string;
  claims: Record<string, unknown>;
  /** Which storage operation runs, for policies on `storage.objects`. */
  storageOperation: string;
}

/** Reads the caller out of the variables that `@supabase/lite` hands to a connection. */
export function callerOf(vars: Record<string, unknown>): Caller {
  const auth = (vars.auth ?? {}) as { role?: string; jwt?: Record<string, unknown> | null };
  const storage = (vars.storage ?? {}) as { operation?: string };
  const role = auth.role || "anon";
  return { role, claims: auth.jwt ?? { role }, storageOperation: storage.operation ?? "" };
}

/**
 * Makes the open transaction the caller's. The role comes last: after it, settings are read with the caller's rights.
 * @throws what PostgreSQL raises for a role that does not exist or that this login may not take.
 */
export async function becomeCaller(
  transaction: Database,
  caller: Caller,
  scope: RequestScope | undefined,
  roleSettings: RoleSettings,
): Promise<void> {
  const settings = [
    ["request.jwt.claims", JSON.stringify(caller.claims)],
    // The names that PostgREST used before version 9 win in the auth.* helpers: keep them empty.
    ["request.jwt.claim.sub", ""],
    ["request.jwt.claim.role", ""],
    ["request.jwt.claim.email", ""],
    ["request.method", scope?.method ?? ""],
    ["request.path", scope?.path ?? ""],
    ["request.headers", JSON.stringify(scope?.headers ?? {})],
    ["response.status", ""],
    ["response.headers", ""],
    ["storage.operation", caller.storageOperation],
    ["search_path", "public, extensions"],
    ...(readsOnly(scope) ? [["transaction_read_only", "on"]] : []),
    ...(roleSettings.get(caller.role) ?? []),
    ["role", caller.role],
  ];
  const calls = settings.map(([name, value]) => sql`set_config(${name}, ${value}, true)`);
  await sql`select ${sql.join(calls)}`.execute(transaction);
}

/** A GET of the Data API must not write, not even through a function. */
function readsOnly(scope: RequestScope | undefined): boolean {
  return scope !== undefined && scope.path.startsWith("/rest/") && ["GET", "HEAD"].includes(scope.method);
}
