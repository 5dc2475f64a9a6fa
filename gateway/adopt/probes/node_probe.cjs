// Loads a Node program under a hook on `listen`, and says which Express applications it would serve.
//
// node --require node_probe.cjs ENTRY DESCRIPTOR. Nothing listens. The answer is written to the descriptor:
// {"found": [{"port", "routes"}], "exported", "variables", "observed", "runtime"} or {"error": {…}}.
"use strict";

const fs = require("node:fs");
const Module = require("node:module");
const net = require("node:net");
const path = require("node:path");

const descriptor = Number(process.argv.pop());
const entry = process.argv[1];
const root = process.cwd();
const found = [];
const variables = new Set();
const loaded = new Set();
let answered = false;

function isExpress(value) {
  return typeof value === "function" && typeof value.handle === "function" && typeof value.set === "function";
}

// A router that is mounted does not say where: that is noted when it is.
function noteMounts(prototype) {
  const use = prototype.use;
  prototype.use = function (...given) {
    const prefix = typeof given[0] === "string" ? given[0] : "";
    for (const each of given.flat(Infinity)) if (typeof each === "function") each.tidegatePrefix = prefix;
    return use.apply(this, given);
  };
}

const load = Module._load;
Module._load = function (request, ...rest) {
  const value = load.call(this, request, ...rest);
  // What a module imports comes by its path.
  const [, name] = request.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\/[^]*$/) ?? [null, request];
  loaded.add(name);
  if (name === "express" && value?.application && !value.tidegateNoted) {
    value.tidegateNoted = true;
    noteMounts(value.application);
    noteMounts(value.Router.prototype?.use ? value.Router.prototype : value.Router);
  }
  return value;
};

function routesOf(stack, prefix) {
  return (stack ?? []).flatMap((layer) => {
    if (layer.route) {
      const methods = Object.keys(layer.route.methods).map((method) => method.toUpperCase());
      return [layer.route.path].flat().map((each) => [prefix + String(each), methods]);
    }
    const below = layer.handle?.stack ?? layer.handle?.router?.stack ?? layer.handle?._router?.stack;
    return below ? routesOf(below, prefix + (layer.handle.tidegatePrefix ?? "")) : [];
  });
}

function routerOf(application) {
  // Express 4 makes its router when it is first used, and throws when it is asked by the name of Express 5.
  return application._router ?? (Object.hasOwn(application, "router") ? application.router : undefined);
}

net.Server.prototype.listen = function (...given) {
  const options = typeof given[0] === "object" && given[0] !== null ? given[0] : { port: given[0] };
  const application = this.listeners("request").find(isExpress);
  if (application) found.push({ application, port: Number(options.port) || null });
  setImmediate(() => setImmediate(answer));
  return this;
};

const environment = process.env;
process.env = new Proxy(environment, {
  get(target, name) {
    const caller = new Error().stack.split("\n")[2] ?? "";
    const isOwn = caller.includes(root + path.sep) && !caller.includes("node_modules");
    if (isOwn && /^[A-Z][A-Z0-9_]+$/.test(String(name))) variables.add(name);
    return target[name];
  },
});

function write(value) {
  if (answered) return;
  answered = true;
  fs.writeSync(descriptor, JSON.stringify(value));
}

function answer() {
  const observed = [];
  if ([...loaded].some((name) => name.startsWith("@opentelemetry/sdk-"))) observed.push("opentelemetry");
  if (loaded.has("@sentry/node")) observed.push("sentry");
  write({
    found: found.map((each) => ({ port: each.port, routes: routesOf(routerOf(each.application)?.stack, "") })),
    exported: isExpress(require.cache[fs.realpathSync(entry)]?.exports),
    express: loaded.has("express"),
    loaded: [...loaded].filter((name) => !name.startsWith(".") && !name.startsWith("node:") && !path.isAbsolute(name)),
    observed,
    variables: [...variables].sort(),
    runtime: process.versions.node,
  });
  process.reallyExit(0);
}

process.on("exit", answer);
process.on("uncaughtException", (error) => {
  const line = String(error.stack).split("\n").find((each) => each.includes(root + path.sep)) ?? "";
  const place = line.match(/([^\s(]+:\d+)(:\d+)?\)?$/)?.[1] ?? null;
  const missing = String(error.message).match(/^Cannot find (?:module|package) '([^']+)'/)?.[1] ?? null;
  write({
    error: {
      type: error.code ?? error.name,
      message: String(error.message).split("\n")[0],
      place: place && path.relative(root, place.replace("file://", "")),
      missing,
      variables: [...variables].sort(),
    },
  });
  process.reallyExit(0);
});
