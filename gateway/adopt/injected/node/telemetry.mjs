// Traces, metrics and logs by OpenTelemetry, over HTTP, where its standard variables name a collector.
import { register } from "node:module";

export async function startTelemetry(options) {
  if (!options.traces) return undefined;
  process.env.OTEL_EXPORTER_OTLP_PROTOCOL ??= "http/protobuf";
  process.env.OTEL_METRICS_EXPORTER ??= "otlp";
  process.env.OTEL_LOGS_EXPORTER ??= "none";
  const [{ NodeSDK }, { HttpInstrumentation }, { ExpressInstrumentation }, { UndiciInstrumentation }] = await Promise
    .all([
      import("@opentelemetry/sdk-node"),
      import("@opentelemetry/instrumentation-http"),
      import("@opentelemetry/instrumentation-express"),
      import("@opentelemetry/instrumentation-undici"),
    ]);
  register("@opentelemetry/instrumentation/hook.mjs", import.meta.url);
  const sdk = new NodeSDK({
    instrumentations: [
      new HttpInstrumentation({
        ignoreIncomingRequestHook: (request) => request.socket.localPort === options.healthPort,
      }),
      new ExpressInstrumentation(),
      new UndiciInstrumentation(),
    ],
  });
  sdk.start();
  return () => sdk.shutdown();
}
