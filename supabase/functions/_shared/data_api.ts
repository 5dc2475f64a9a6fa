/** The project's Data API: functions of the database, run as the caller and under the same policies as everywhere. */
import { type Dependency, DependencyError } from "./dependency.ts";
import type { Exchange } from "./endpoint.ts";
import { forDataApi } from "./forwarding.ts";
import type { Credentials } from "./credentials.ts";
import { Problem, unauthenticated } from "./problems.ts";

/** SQLSTATEs that are about the arguments begin like this. */
const OF_ARGUMENTS = ["22", "23", "P0001"];

/** What a function of the database answered: an object, as it came and as JavaScript reads it. */
export interface RpcAnswer {
  /** Numbers that JavaScript cannot hold are still whole in it. */
  readonly text: string;
  readonly value: Record<string, unknown>;
}

/** Calls functions of the exposed schema, with the credentials that a request gets. */
export class DataApi {
  readonly dependency: Dependency;
  readonly #url: string;
  readonly #credentials: Credentials;

  constructor(supabaseUrl: string, credentials: Credentials, dependency: Dependency) {
    this.#url = `${supabaseUrl}/rest/v1/rpc`;
    this.#credentials = credentials;
    this.dependency = dependency;
  }

  /**
   * What the function of this name answers, an object. Throws a Problem when the caller or the arguments are refused, a
   * DependencyError when there is no answer.
   */
  async call(name: string, args: Record<string, unknown>, exchange: Exchange): Promise<RpcAnswer> {
    const headers = {
      ...forDataApi(exchange),
      "content-type": "application/json",
      ...this.#credentials(exchange.request),
    };
    return await this.dependency.call(async (signal) => {
      const answer = await fetch(`${this.#url}/${name}`, {
        ...{ method: "POST", headers, body: JSON.stringify(args), signal, redirect: "manual" as const },
      });
      const text = (await answer.text()).trim();
      const value = object(text);
      if (answer.ok && value !== undefined) return { text, value };
      throw meaning(answer.status, value ?? {});
    });
  }
}

function object(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined; // an error page of something in between
  }
}

/** What an error of the Data API means; `code` is a SQLSTATE, or PostgREST's own. */
function meaning(status: number, error: Record<string, unknown>): Error {
  const [code, message, hint] = [error.code, error.message, error.hint].map((part) => `${part ?? ""}`);
  if (code === "PT401") return unauthenticated("This account is closed.");
  if (code === "PT403") return new Problem("forbidden", "This account is banned.");
  if (code === "PT422") return new Problem("invalid-input", `${message.replace(/\.$/, "")}. ${hint}`.trim());
  if (code === "42501") return new Problem("forbidden", hint || "The caller may not do this.");
  if (status === 401) return unauthenticated("The token is not valid, or has expired: refresh the session.");
  if (OF_ARGUMENTS.some((prefix) => code.startsWith(prefix))) {
    return new Problem("invalid-input", "The database refuses the arguments.");
  }
  return new DependencyError(
    code === "" ? `It answered with the status ${status}.` : `It answered with the error ${code}.`,
  );
}
