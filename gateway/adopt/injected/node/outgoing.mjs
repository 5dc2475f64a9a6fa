// Pipelines around http.request, https.request and fetch. A refusal is the error of a connection that fails.
import diagnostics from "node:diagnostics_channel";
import { errorMonitor } from "node:events";
import http from "node:http";
import https from "node:https";
import { syncBuiltinESMExports } from "node:module";
import { setTimeout as pause } from "node:timers/promises";

import { hostOf } from "./options.mjs";
import { checkStatus, HostPipelines, isRefusal, UnavailableError } from "./pipelines.mjs";

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS"]);
const answered = new WeakMap();

export function guardOutgoing(options) {
  if (options.modeOf("") === "off") return;
  const pipelines = new HostPipelines(options);
  // By a channel: a listener of `response` would keep answers that nobody reads.
  diagnostics.subscribe("http.client.response.finish", ({ request, response }) => answered.get(request)?.(response));
  for (const [module, protocol] of [[http, "http:"], [https, "https:"]]) {
    const original = module.request;
    module.request = function request(...given) {
      return guarded(original, pipelines, protocol, given);
    };
    module.get = function get(...given) {
      const request = module.request(...given);
      request.end();
      return request;
    };
  }
  syncBuiltinESMExports();
  globalThis.fetch = guardedFetch(globalThis.fetch, pipelines);
}

function guarded(original, pipelines, protocol, given) {
  const { options, callback } = parsed(given);
  const pipeline = pipelines.of(`${hostname(options)}:${options.port || (protocol === "https:" ? 443 : 80)}`);
  if (pipeline.mode === "off" || options.socketPath) return original(...given);
  let made;
  const done = pipeline.call(() => {
    made = original(...given);
    return settled(made);
  });
  done.catch(() => {}); // the request itself tells its application
  if (made === undefined) return refused(original, options, callback);
  if (pipeline.enforces && !options.timeout) {
    const limit = 1000 * pipeline.policy.timeout_s;
    made.setTimeout(limit, () => made.destroy(failure("ETIMEDOUT", `It did not answer within ${limit} ms.`)));
  }
  return made;
}

function parsed(given) {
  const callback = given.find((each) => typeof each === "function");
  const [first, second] = given;
  const url = typeof first === "string" ? new URL(first) : first instanceof URL ? first : null;
  const of = url ? { hostname: url.hostname, port: url.port, path: url.pathname + url.search } : {};
  return { options: { ...of, ...(url ? (typeof second === "object" ? second : {}) : first) }, callback };
}

function hostname(options) {
  return options.hostname || String(options.host ?? "localhost").replace(/:\d+$/, "");
}

function settled(request) {
  return new Promise((resolve, reject) => {
    answered.set(request, (response) => {
      try {
        resolve(checkStatus(response.statusCode));
      } catch (error) {
        reject(error);
      }
    });
    request.once(errorMonitor, reject);
    request.once("close", resolve);
  });
}

function refused(original, options, callback) {
  const error = failure("ECONNREFUSED", "It failed repeatedly and is left alone for a moment.");
  const createConnection = (_, created) => process.nextTick(created, error);
  return original({ ...options, agent: undefined, createConnection }, callback);
}

function failure(code, message) {
  return Object.assign(new Error(message), { code, errno: undefined, syscall: "connect" });
}

function guardedFetch(original, pipelines) {
  return async function fetch(input, init) {
    const request = input instanceof Request ? input : null;
    const pipeline = pipelines.of(hostOf(request?.url ?? String(input)));
    if (pipeline.mode === "off") return original(input, init);
    const method = (init?.method ?? request?.method ?? "GET").toUpperCase();
    for (let attempt = 1;; attempt += 1) {
      try {
        return await fetched(original, pipeline, input, init);
      } catch (error) {
        const wait = error instanceof TypeError && IDEMPOTENT.has(method) ? pipeline.pauseBefore(attempt) : null;
        if (wait === null) throw error;
        await pause(wait);
      }
    }
  };
}

async function fetched(original, pipeline, input, init) {
  const limit = pipeline.enforces && !init?.signal && !(input instanceof Request);
  const bounded = limit ? { ...init, signal: AbortSignal.timeout(1000 * pipeline.policy.timeout_s) } : init;
  let response;
  try {
    await pipeline.call(async () => {
      response = await original(input, bounded);
      checkStatus(response.status);
    });
  } catch (error) {
    if (isRefusal(error)) {
      const cause = failure("ECONNREFUSED", "It failed repeatedly and is left alone for a moment.");
      throw new TypeError("fetch failed", { cause });
    }
    if (!(error instanceof UnavailableError)) throw error;
  }
  return response;
}
