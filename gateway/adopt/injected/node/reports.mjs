// Reports of errors to Sentry where SENTRY_DSN says where. What leaves is what scrubbing.py lets leave: types and places
// in the code, no text of an exception, a request or a log.
import { createStackParser, createTransport, setCurrentClient } from "@sentry/core";
import { nodeStackLineParser, ServerRuntimeClient } from "@sentry/core/server";
import { Hook } from "require-in-the-middle";

const PLAIN = ["event_id", "timestamp", "platform", "level", "release", "environment", "sdk", "fingerprint"];
const OF_FRAMES = ["filename", "function", "module", "lineno", "in_app"];
const OF_MECHANISMS = ["type", "handled"];
const LAST_WORDS_MS = 1000;

function only(values, names) {
  return Object.fromEntries(names.filter((name) => name in values).map((name) => [name, values[name]]));
}

export function scrub(event) {
  const values = (event.exception?.values ?? []).map((value) => ({
    type: value.type,
    value: "",
    mechanism: only(value.mechanism ?? {}, OF_MECHANISMS),
    stacktrace: { frames: (value.stacktrace?.frames ?? []).map((frame) => only(frame, OF_FRAMES)) },
  }));
  const trace = only(event.contexts?.trace ?? {}, ["trace_id", "span_id"]);
  return { ...only(event, PLAIN), contexts: { trace }, ...(values.length ? { exception: { values } } : {}) };
}

function transport(given) {
  return createTransport(given, async (request) => {
    const answer = await fetch(given.url, { method: "POST", body: request.body });
    await answer.arrayBuffer();
    return { statusCode: answer.status };
  });
}

export function reportErrors(options) {
  if (!options.dsn) return undefined;
  const client = new ServerRuntimeClient({
    dsn: options.dsn,
    environment: options.environment,
    release: options.release,
    integrations: [],
    stackParser: createStackParser(nodeStackLineParser()),
    transport,
    beforeSend: scrub,
    sendClientReports: false,
  });
  setCurrentClient(client);
  client.init();
  const report = (error) => client.captureException(error, { mechanism: { type: "generic", handled: false } });
  process.on("uncaughtExceptionMonitor", report);
  // Errors that no handler of the application took reach Express's last one.
  new Hook(["finalhandler"], (finalhandler) => (request, response, given) => {
    const finish = finalhandler(request, response, given);
    return (error) => {
      if (error && (error.status ?? error.statusCode ?? 500) >= 500) report(error);
      finish(error);
    };
  });
  return () => client.flush(LAST_WORDS_MS);
}
