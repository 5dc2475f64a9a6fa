/** What functions need from outside, and what they ask there. */
import { ofCaller } from "./credentials.ts";
import { DataApi } from "./data_api.ts";
import { Dependency } from "./dependency.ts";

/** A variable of the environment, by its name. */
export type Environment = (name: string) => string | undefined;

export interface Surroundings {
  /** Base URL of the gateway, without a trailing slash. */
  gatewayUrl: string;
  /** Base URL of the project. */
  supabaseUrl: string;
  /** The project's publishable key, or its legacy anonymous one. */
  publishableKey: string;
  /** Longest wait for the gateway. Its own deadline (REQUEST_TIMEOUT_S) is 3 s. */
  gatewayTimeoutMs: number;
  /** Longest wait for more of the gateway's events. It sends something every 10 s. */
  stallMs: number;
  /** Longest wait for the Data API. */
  dataApiTimeoutMs: number;
  /** How long an open circuit breaker lets nothing through. */
  resetMs: number;
}

/** Reads them from the environment. SUPABASE_URL and the keys are there on hosted; GATEWAY_URL is a secret to be set. */
export function surroundings(env: Environment): Surroundings {
  return {
    gatewayUrl: url(env, "GATEWAY_URL", "give it to the functions with `supabase secrets set`"),
    supabaseUrl: projectUrl(env),
    publishableKey: key(env, "PUBLISHABLE", "ANON"),
    gatewayTimeoutMs: milliseconds(env, "GATEWAY_TIMEOUT_MS", 3_500),
    stallMs: 25_000,
    dataApiTimeoutMs: milliseconds(env, "DATA_API_TIMEOUT_MS", 3_000),
    resetMs: 5_000,
  };
}

/** What functions ask. Each function has breakers of its own: it runs in an isolate of its own. */
export function dependencies(
  { supabaseUrl, publishableKey, gatewayTimeoutMs, dataApiTimeoutMs, resetMs }: Surroundings,
): { gateway: Dependency; dataApi: DataApi } {
  const breaker = { minimumCalls: 3, resetMs };
  const dataApi = new Dependency({ name: "data_api", timeoutMs: dataApiTimeoutMs, ...breaker });
  return {
    gateway: new Dependency({ name: "gateway", timeoutMs: gatewayTimeoutMs, ...breaker }),
    dataApi: new DataApi(supabaseUrl, ofCaller(publishableKey), dataApi),
  };
}

/** Base URL of the project. */
export function projectUrl(env: Environment): string {
  return url(env, "SUPABASE_URL", "Supabase sets it for its functions");
}

function url(env: Environment, name: string, hint: string): string {
  const value = env(name)?.replace(/\/+$/, "");
  if (!value) throw new Error(`${name} is not set: ${hint}`);
  return value;
}

export function milliseconds(env: Environment, name: string, usual: number): number {
  const value = Number(env(name) ?? usual);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a positive number of milliseconds`);
  return value;
}

/** The project's key of a kind. Hosted has a JSON object of them by their names, and the legacy one. */
export function key(env: Environment, kind: "PUBLISHABLE" | "SECRET", legacy: "ANON" | "SERVICE_ROLE"): string {
  const named: Record<string, string> = JSON.parse(env(`SUPABASE_${kind}_KEYS`) ?? "{}");
  const found = env(`SUPABASE_${kind}_KEY`) ?? named.default ?? Object.values(named)[0] ??
    env(`SUPABASE_${legacy}_KEY`);
  if (!found) throw new Error(`SUPABASE_${kind}_KEYS is not set: Supabase sets it for its functions`);
  return found;
}
