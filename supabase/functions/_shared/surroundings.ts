/** What functions need from outside, and what they ask there. */
import { DataApi } from "./data_api.ts";
import { Dependency } from "./dependency.ts";

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
export function surroundings(env: (name: string) => string | undefined): Surroundings {
  return {
    gatewayUrl: url(env, "GATEWAY_URL", "give it to the functions with `supabase secrets set`"),
    supabaseUrl: url(env, "SUPABASE_URL", "Supabase sets it for its functions"),
    publishableKey: publishableKey(env),
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
    dataApi: new DataApi(supabaseUrl, publishableKey, dataApi),
  };
}

function url(env: (name: string) => string | undefined, name: string, hint: string): string {
  const value = env(name)?.replace(/\/+$/, "");
  if (!value) throw new Error(`${name} is not set: ${hint}`);
  return value;
}

function milliseconds(env: (name: string) => string | undefined, name: string, usual: number): number {
  const value = Number(env(name) ?? usual);
  if (!Number.isInteger(value) || value < 1) throw new Error(`${name} must be a positive number of milliseconds`);
  return value;
}

/** Hosted has a JSON object of the keys by their names, and the legacy key. */
function publishableKey(env: (name: string) => string | undefined): string {
  const named: Record<string, string> = JSON.parse(env("SUPABASE_PUBLISHABLE_KEYS") ?? "{}");
  const key = env("SUPABASE_PUBLISHABLE_KEY") ?? named.default ?? Object.values(named)[0] ?? env("SUPABASE_ANON_KEY");
  if (!key) throw new Error("SUPABASE_PUBLISHABLE_KEYS is not set: Supabase sets it for its functions");
  return key;
}
