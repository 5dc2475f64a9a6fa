/**
 * What the database layer must know about the HTTP request it works for. `@supabase/lite` calls it several functions
 * deep without handing the request on, so it travels in an asynchronous context.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { LinkWish } from "./mails.ts";
import type { Filter } from "./query_strings.ts";

/** The request being served. */
export interface RequestScope {
  method: string;
  /** Path without the query string. */
  path: string;
  /** Headers without credentials, as SQL functions may read them. */
  headers: Record<string, string>;
  /** Body of a JSON write to a table, exactly as sent; undefined for anything else. */
  jsonBody?: string;
  /** JSON body of a function call, an object, exactly as sent. */
  jsonArguments?: string;
  /** Filters of a request of the Data API, which the package does not see. */
  filters?: Filter[];
  /** Whether `Prefer: missing=default` asks for column defaults where a row of a bulk insert lacks a key. */
  missingAsDefault: boolean;
  /** Type of an uploaded file, where the package was told the wildcard that allows it. */
  uploadedType?: string;
  /** What the link of a mail is to do that this request causes. */
  link?: LinkWish;
  /** Why a 5xx was answered, set where it is known. */
  failure?: string;
}

/** The scope of the request that the current asynchronous call chain serves. */
export const requestScope = new AsyncLocalStorage<RequestScope>();

const CREDENTIALS = new Set(["authorization", "apikey", "cookie"]);

/** Describes a request; `jsonBody` is its body when that is JSON for a table. */
export function describeRequest(request: Request, jsonBody?: string): RequestScope {
  const headers = Object.fromEntries([...request.headers].filter(([name]) => !CREDENTIALS.has(name)));
  const missingAsDefault = /\bmissing=default\b/.test(request.headers.get("prefer") ?? "");
  return { method: request.method, path: new URL(request.url).pathname, headers, jsonBody, missingAsDefault };
}
