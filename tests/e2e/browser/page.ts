/**
 * What a page of a shop bundles: supabase-js as it comes, with its tracing switched on. The tests beside it drive it through
 * `window`, as the console of a browser would.
 */
import { propagation } from "@opentelemetry/api";
import "@supabase/supabase-js/tracing";
import { CALLS } from "./calls.ts";
import { callFunction, enter } from "./world.ts";

/** The trace that every request belongs to, as a tracing SDK with W3C's propagators would say. */
const TRACE = {
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  tracestate: "vendor=1",
  baggage: "shop=north",
};

propagation.setGlobalPropagator({
  inject: (_context, carrier, setter) => {
    for (const [name, value] of Object.entries(TRACE)) setter.set(carrier, name, value);
  },
  extract: (context) => context,
  fields: () => Object.keys(TRACE),
});

/** Runs one of the calls: what it gave, and what it must give. */
async function call(name: string): Promise<{ given: unknown; expected: unknown }> {
  const [run, expected] = CALLS[name];
  return { given: await run(), expected };
}

Object.assign(globalThis, { call, callFunction, enter });
