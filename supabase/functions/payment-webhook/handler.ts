/**
 * Events of the payment provider: signed, each counted once, in any order. The SQL function `receive_payment_event` keeps and
 * settles an event in one transaction. Whatever it makes of the event, the answer is 200: only an event that could not be
 * kept is to be sent again.
 */
import { ofService } from "../_shared/credentials.ts";
import { DataApi } from "../_shared/data_api.ts";
import { Dependency, DependencyError } from "../_shared/dependency.ts";
import { endpoint, type Handler, parsed, readBytes } from "../_shared/endpoint.ts";
import { parseStorable } from "../_shared/exact_json.ts";
import { unavailable } from "../_shared/problems.ts";
import { type Environment, key, milliseconds, projectUrl } from "../_shared/surroundings.ts";
import { checked } from "../_shared/validation.ts";
import { Answer, Event } from "./schema.ts";
import { HEADER, requireSignature, type Verification } from "./signature.ts";

const TOLERANCE_S = 300;
const MAX_SECRETS = 2, SHORTEST_SECRET = 16;

/** What the function needs from outside. */
export interface Surroundings extends Verification {
  readonly supabaseUrl: string;
  readonly secretKey: string;
  readonly dataApiTimeoutMs: number;
  readonly resetMs: number;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Reads them from the environment. The secrets are to be set; SUPABASE_URL and the key are there on hosted. */
export function surroundings(env: Environment): Surroundings {
  const secrets = (env("PAYMENT_WEBHOOK_SECRETS") ?? "").split(",").map((each) => each.trim()).filter(Boolean);
  if (secrets.length < 1 || secrets.length > MAX_SECRETS || secrets.some((each) => each.length < SHORTEST_SECRET)) {
    throw new Error(
      "PAYMENT_WEBHOOK_SECRETS must be the secret that the payment provider signs with, or two of them with a comma in " +
        `between while one replaces the other, each of at least ${SHORTEST_SECRET} characters`,
    );
  }
  return {
    secrets,
    toleranceS: TOLERANCE_S,
    supabaseUrl: projectUrl(env),
    secretKey: key(env, "SECRET", "SERVICE_ROLE"),
    dataApiTimeoutMs: milliseconds(env, "DATA_API_TIMEOUT_MS", 3_000),
    resetMs: 5_000,
    now: () => Date.now() / 1000,
  };
}

/** Makes the request handler. */
export function createHandler(
  { supabaseUrl, secretKey, dataApiTimeoutMs: timeoutMs, resetMs, now, ...verification }: Surroundings,
): Handler {
  const dependency = new Dependency({ name: "data_api", timeoutMs, minimumCalls: 3, resetMs });
  const dataApi = new DataApi(supabaseUrl, ofService(secretKey), dependency);
  return endpoint("POST", async (exchange) => {
    const bytes = await readBytes(exchange.request);
    await requireSignature(exchange.request.headers.get(HEADER), bytes, verification, now());
    checked(Event, parsed(bytes, JSON.parse));
    const event = parsed(bytes, parseStorable);
    const { value } = await dataApi.call("receive_payment_event", { event }, exchange).catch((error) => {
      if (!(error instanceof DependencyError)) throw error;
      throw unavailable(`The event is not kept: ${error.message} Send it again.`);
    });
    return Response.json(Answer.parse(value), { headers: { "cache-control": "no-store" } });
  });
}
