/** Serves {@link createHandler} with the gateway that GATEWAY_URL names. */
import { createHandler } from "./handler.ts";

const TIMEOUT_MS = 10_000;

const gatewayUrl = Deno.env.get("GATEWAY_URL")?.replace(/\/+$/, "");
if (!gatewayUrl) throw new Error("GATEWAY_URL is not set: give it to the function with `supabase secrets set`");

Deno.serve(createHandler({ gatewayUrl, timeoutMs: TIMEOUT_MS }));
