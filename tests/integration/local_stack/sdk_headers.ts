/** Exits with an error when the SDK in use sends a header of its own that a function does not hand on to the gateway. */
import assert from "node:assert/strict";
import { corsHeaders } from "@supabase/supabase-js/cors";
import { FORWARDED } from "../../../supabase/functions/_shared/forwarding.ts";

const headers = corsHeaders["Access-Control-Allow-Headers"].split(", ");
assert.ok(headers.includes("traceparent"), "the SDK exports another kind of list");
assert.deepEqual(headers.filter((name) => name !== "apikey" && !FORWARDED.includes(name)), []);
