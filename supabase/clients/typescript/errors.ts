/** What goes wrong. A connection that fails rejects with what `fetch` says. */
import type { DocumentState, ProblemField } from "./types.ts";

/** An error that the gateway, or a proxy before it, answered with (RFC 9457). */
export class GatewayProblem extends Error {
  override readonly name = "GatewayProblem";
  /** Which error, for programs, such as `invalid-input`. */
  readonly kind: string;
  /** What is wrong this time, and what to do. */
  readonly detail: string;
  /** Fields of the request that are wrong. */
  readonly fields: ProblemField[];
  readonly requestId: string | undefined;

  constructor(
    readonly status: number,
    problem: Record<string, unknown>,
    /** What the header Retry-After says. */
    readonly retryAfterMs: number | undefined,
  ) {
    const detail = String(problem.detail ?? "");
    const fields = Array.isArray(problem.errors) ? problem.errors as ProblemField[] : [];
    const wrong = fields.map((field) => `\n  ${field.pointer}: ${field.detail}`).join("");
    super(`${status} ${problem.title}: ${detail}${wrong}`);
    this.kind = String(problem.type ?? "about:blank").split(":").at(-1) ?? "";
    this.detail = detail;
    this.fields = fields;
    this.requestId = typeof problem.request_id === "string" ? problem.request_id : undefined;
  }
}

/** The stream of an answer ended before the answer did. What came until then is no answer. */
export class AnswerBrokenOff extends Error {
  override readonly name = "AnswerBrokenOff";
}

/** A document could not be read or embedded; `state` says which file, and why. */
export class DocumentFailed extends Error {
  override readonly name = "DocumentFailed";

  constructor(readonly state: DocumentState) {
    super(`${state.title}: ${state.error}`);
  }
}

/** The document was not searchable in time; it goes on without the caller. */
export class DocumentNotReady extends Error {
  override readonly name = "DocumentNotReady";
}

/** The error of an answer, also of a proxy that does not answer with a problem. */
export async function problemOf(response: Response, retryAfterMs: number | undefined): Promise<GatewayProblem> {
  const text = await response.text();
  let problem: unknown;
  try {
    problem = JSON.parse(text);
  } catch {
    problem = null;
  }
  const isProblem = typeof problem === "object" && problem !== null && "title" in problem;
  const known = isProblem ? problem as Record<string, unknown> : {
    title: response.statusText || "Error",
    detail: "The answer is no problem.",
  };
  return new GatewayProblem(response.status, known, retryAfterMs);
}
