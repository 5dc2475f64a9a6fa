/**
 * Runs the statements of a documentation page with supabase-js. The test puts the page's code into a module whose default
 * export is a function of the names that the code uses, and says what they are.
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";

const { url, key, module, tokens, values } = JSON.parse(Deno.env.get("PAGE") ?? "{}") as {
  url: string;
  key: string;
  module: string;
  tokens: Record<string, string>;
  values: Record<string, unknown>;
};
const refused: unknown[] = [];

/** A client of somebody; what it is refused is noted, as a page's code does not look at it. */
function clientOf(token: string): SupabaseClient {
  const noting: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!response.ok) refused.push(await response.clone().text());
    return response;
  };
  const auth = { persistSession: false, autoRefreshToken: false };
  return createClient(url, key, {
    auth,
    global: { fetch: noting, headers: { Authorization: `Bearer ${token}` } },
  });
}

const clients = Object.fromEntries(Object.entries(tokens).map(([name, token]) => [name, clientOf(token)]));
const page = await import(module);
const shown = await page.default({ ...clients, ...values });
console.log(JSON.stringify({ shown, refused }));
