/** How an error of PostgreSQL becomes an HTTP answer, as PostgREST does it. */

/** An error that PostgreSQL itself raised, as the driver reports it. */
export interface SqlError extends Error {
  severity: string;
  code: string;
  detail?: string;
  hint?: string;
}

/**
 * SQLSTATE (or a prefix of it) to HTTP status: PostgREST's table, `mapSQLtoHTTP` in its `Error.hs`. The longest prefix
 * wins; what is not listed is the caller's fault, 400. Codes whose status depends on more than the code are in
 * {@link httpStatus}.
 */
const STATUS_BY_SQLSTATE: Readonly<Record<string, number>> = {
  "08": 503, // connection exception
  "09": 500, // triggered action exception
  "0L": 403, // invalid grantor
  "0P": 403, // invalid role specification
  "21000": 500, // cardinality violation, such as a scalar subquery that gave two rows
  "23503": 409, // foreign key violation
  "23505": 409, // unique violation
  "25": 500, // invalid transaction state
  "25006": 405, // a write in a read-only transaction: GET of a function that writes
  "28": 403, // invalid authorization specification
  "2D": 500, // invalid transaction termination
  "38": 500, // external routine exception
  "39": 500, // external routine invocation exception
  "3B": 500, // savepoint exception
  "40": 500, // transaction rollback: deadlock, serialization failure
  "42883": 404, // undefined function
  "42P01": 404, // undefined table
  "42P17": 500, // infinite recursion, typically in a policy
  "53": 503, // insufficient resources, such as too many connections
  "53400": 500, // configuration limit exceeded
  "54": 413, // program limit exceeded: the statement is too complex
  "55": 500, // object not in prerequisite state, such as a lock timeout
  "57": 500, // operator intervention, such as a statement timeout
  "57P01": 503, // the administrator terminated the connection
  "57P02": 503, // crash shutdown: the same to a caller as 57P01
  "57P03": 503, // the server is starting up or shutting down
  "58": 500, // system error
  "F0": 500, // configuration file error
  "HV": 500, // foreign data wrapper error
  "P0": 500, // error in PL/pgSQL
  "P0001": 400, // raise exception, on purpose
  "XX": 500, // internal error
};

/** Whether the driver reports an error that PostgreSQL raised, with a SQLSTATE. */
export function isSqlError(thrown: unknown): thrown is SqlError {
  const error = thrown as Partial<SqlError> | null;
  return thrown instanceof Error && typeof error?.severity === "string" && typeof error.code === "string";
}

/** Whether the driver could not reach PostgreSQL, or lost it in the middle of a statement. */
export function isConnectionError(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || isSqlError(thrown)) return false;
  if (thrown instanceof DatabaseUnavailableError) return true;
  const code = (thrown as { code?: unknown }).code;
  return typeof code === "string" && /^(CONNECT|ECONN|EPIPE|ENOTFOUND|ETIMEDOUT)/.test(code);
}

/** PostgreSQL went away in the middle of something, and nobody said so. */
export class DatabaseUnavailableError extends Error {}

/** The HTTP status of an error of PostgreSQL; `authenticated` tells a person with a token from an anonymous one. */
export function httpStatus(error: SqlError, authenticated: boolean): number {
  const { code, message } = error;
  if (code === "42501") return authenticated ? 403 : 401;
  if (code === "21000" && message.endsWith("requires a WHERE clause")) return 400; // pg-safeupdate
  if (code === "22023" && /^role .* does not exist$/.test(message)) return 401; // the token names no role
  const chosen = raisedStatus(error);
  if (chosen !== undefined) return chosen;
  for (let length = 5; length >= 2; length--) {
    const status = STATUS_BY_SQLSTATE[code.slice(0, length)];
    if (status !== undefined) return status;
  }
  return 400;
}

/** The answer to a request whose statement PostgreSQL refused. */
export function sqlErrorResponse(error: SqlError, authenticated: boolean): Response {
  const status = httpStatus(error, authenticated);
  const headers: Record<string, string> = status === 401 ? { "www-authenticate": "Bearer" } : {};
  if (status === 503) headers["retry-after"] = "1";
  if (error.code === "PGRST") {
    Object.assign(headers, parsedObject(error.detail)?.headers ?? {});
    return Response.json({ details: null, hint: null, ...parsedObject(error.message) }, { status, headers });
  }
  const body = { code: error.code, details: error.detail ?? null, hint: error.hint ?? null, message: error.message };
  return Response.json(body, { status, headers });
}

/** The answer while PostgreSQL cannot be reached. */
export function databaseUnavailable(): Response {
  const message = "Database connection error. Retrying the connection.";
  const body = { code: "PGRST000", details: null, hint: null, message };
  return Response.json(body, { status: 503, headers: { "retry-after": "1" } });
}

/** `raise sqlstate 'PT402'` and `raise sqlstate 'PGRST'` let a function choose the status itself. */
function raisedStatus(error: SqlError): number | undefined {
  if (error.code === "PGRST") return validStatus(Number(parsedObject(error.detail)?.status)) ?? 500;
  if (error.code.startsWith("PT")) return validStatus(Number(error.code.slice(2))) ?? 500;
  return undefined;
}

function validStatus(status: number): number | undefined {
  return Number.isInteger(status) && status >= 200 && status <= 599 ? status : undefined;
}

function parsedObject(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return value !== null && typeof value === "object" ? value as Record<string, unknown> : undefined;
  } catch {
    return undefined; // a function raised PGRST with something that is no JSON: its status stays 500
  }
}
