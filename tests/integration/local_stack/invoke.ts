/**
 * Calls the search function with supabase-js, with a session and without one. Prints the titles that each call found; the
 * test beside it says what they must be.
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";

const [url, key, email, password, query] = ["SUPABASE_URL", "PUBLISHABLE_KEY", "EMAIL", "PASSWORD", "QUERY"].map(
  (name) => {
    const value = Deno.env.get(name);
    if (!value) throw new Error(`${name} is not set`);
    return value;
  },
);

/** Titles of the documents that the caller finds. */
async function found(client: SupabaseClient): Promise<string[]> {
  const body = { query, mode: "keyword", in: ["documents"] };
  const { data, error } = await client.functions.invoke<{ results: { title: string }[] }>("search", { body });
  if (error || data === null) throw new Error(`no answer: ${Deno.inspect(error)}`);
  return data.results.map(({ title }) => title);
}

const client = createClient(url, key, { auth: { persistSession: false, autoRefreshToken: false } });
const before = await found(client);
const { error } = await client.auth.signInWithPassword({ email, password });
if (error) throw error;
const signedIn = await found(client);
await client.auth.signOut();
console.log(JSON.stringify({ before, signedIn, after: await found(client) }));
