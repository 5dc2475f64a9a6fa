/** Exits with an error when the SDK in use sends a header of its own that the search function does not hand on. */
import assert from "node:assert/strict";
import { corsHeaders } from "@supabase/supabase-js/cors";
import { FORWARDED } from "../../../supabase/functions/search/handler.ts";

const headers = corsHeaders["Access-Control-Allow-Headers"].split(", ");
assert.ok(headers.includes("traceparent"), "the SDK exports another kind of list");
assert.deepEqual(headers.filter((name) => name !== "apikey" && !FORWARDED.includes(name)), []);
