/** Refusals as problem documents (RFC 9457), in the gateway's form: the same types, titles and fields. */

/** One wrong field. */
export interface FieldProblem {
  /** JSON pointer into the body as a URI fragment, or the name of a parameter. */
  pointer: string;
  /** What is wrong with it, and what is allowed. */
  detail: string;
  /** The same for programs. */
  code: string;
}

/** The kinds of refusals, by the end of their type: the status and the title of each. */
export const KINDS = {
  "bad-request": [400, "The request cannot be read"],
  "unauthenticated": [401, "The credentials are not valid"],
  "forbidden": [403, "Not allowed"],
  "method-not-allowed": [405, "The method is not allowed here"],
  "payload-too-large": [413, "The body is too large"],
  "unsupported-media-type": [415, "The body is of another type"],
  "invalid-input": [422, "The input is not valid"],
  "internal-error": [500, "Something went wrong in the function"],
  "unavailable": [503, "A dependency does not answer"],
} as const satisfies Record<string, readonly [number, string]>;

/** What a refusal may have beside its sentence. */
export interface Extras {
  fields?: readonly FieldProblem[];
  headers?: Readonly<Record<string, string>>;
}

/** Thrown anywhere below an endpoint: the caller is told `detail`, which says what is wrong and what to do. */
export class Problem extends Error {
  readonly kind: keyof typeof KINDS;
  readonly fields: readonly FieldProblem[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(kind: keyof typeof KINDS, detail: string, { fields = [], headers = {} }: Extras = {}) {
    super(detail);
    this.kind = kind;
    this.fields = fields;
    this.headers = headers;
  }

  /** The answer to the request `requestId` for `instance`, a path. */
  response(instance: string, requestId: string): Response {
    const [status, title] = KINDS[this.kind];
    const body = {
      type: `urn:tidegate:problem:${this.kind}`,
      title,
      status,
      detail: this.message,
      instance: instance.slice(0, 200),
      request_id: requestId,
      ...(this.fields.length > 0 ? { errors: this.fields } : {}),
    };
    return new Response(JSON.stringify(body), {
      status,
      headers: { "content-type": "application/problem+json", "cache-control": "no-store", ...this.headers },
    });
  }
}

/** Nothing that could answer does: worth asking again in two seconds. */
export function unavailable(detail: string): Problem {
  return new Problem("unavailable", detail, { headers: { "retry-after": "2" } });
}

/** The token proves nothing. */
export function unauthenticated(detail: string): Problem {
  return new Problem("unauthenticated", detail, { headers: { "www-authenticate": "Bearer" } });
}
