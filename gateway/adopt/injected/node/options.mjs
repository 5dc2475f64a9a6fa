// How what is injected behaves: the variables and defaults of options.py.
const MODES = ["off", "observe", "enforce"];
const ENDPOINTS = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
  "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
];
const DEFAULT = {
  timeout_s: 10,
  attempts: 2,
  backoff_s: 0.05,
  retry_ratio: 0.1,
  retries_per_s: 3,
  failures_to_open: 5,
  reset_s: 5,
  concurrency: 64,
};

export function hostOf(address) {
  const url = new URL(address);
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? 443 : 80)}`;
}

export function readOptions(environment) {
  const mode = environment.TIDEGATE_RESILIENCE || "observe";
  if (!MODES.includes(mode)) throw new Error(`TIDEGATE_RESILIENCE is ${mode}, which is none of ${MODES.join(", ")}.`);
  const changes = JSON.parse(environment.TIDEGATE_RESILIENCE_POLICY || "{}");
  for (const name of Object.values(changes).flatMap(Object.keys)) {
    if (!(name in DEFAULT)) throw new Error(`TIDEGATE_RESILIENCE_POLICY has ${name}, which there is not.`);
  }
  const isOff = environment.OTEL_SDK_DISABLED?.toLowerCase() === "true" || environment.TIDEGATE_TRACES === "off";
  const own = [...ENDPOINTS, "SENTRY_DSN"].map((name) => environment[name]).filter(Boolean);
  const leftAlone = new Set(own.map(hostOf));
  return {
    modeOf: (host) => (leftAlone.has(host) ? "off" : mode),
    policyOf: (host) => ({ ...DEFAULT, ...changes["*"], ...changes[host] }),
    healthPort: Number(environment.TIDEGATE_HEALTH_PORT) || null,
    port: Number(environment.PORT) || null,
    traces: !isOff && ENDPOINTS.slice(0, 2).some((name) => environment[name]),
    dsn: environment.TIDEGATE_REPORTS === "off" ? "" : environment.SENTRY_DSN || "",
    environment: environment.SENTRY_ENVIRONMENT || "production",
    release: environment.SENTRY_RELEASE || undefined,
  };
}
