/** Refusals that are known only once the package has looked at a request, in the words of PostgREST. */

/** The body of an error of PostgREST. */
export interface ErrorBody {
  code: string;
  message: string;
  details: string | null;
  hint: string | null;
}

/**
 * Thrown within the package, which answers it as PostgREST does `raise sqlstate 'PGRST'`: the message is the body, the
 * detail the status.
 */
export class RequestRefusal extends Error {
  readonly code = "PGRST";
  readonly detail: string;

  constructor(status: number, body: ErrorBody) {
    super(JSON.stringify(body));
    this.detail = JSON.stringify({ status, headers: {} });
  }
}

/**
 * Why a change of a whole table is refused; undefined for any other request. On hosted projects pg-safeupdate does that, for
 * every request of the Data API.
 */
export function refusalOfWholeTable(type: string | undefined, hasFilters: boolean): RequestRefusal | undefined {
  if (type !== "update" && type !== "delete" || hasFilters) return undefined;
  const message = `${type.toUpperCase()} requires a WHERE clause`;
  return new RequestRefusal(400, { code: "21000", message, details: null, hint: null });
}
