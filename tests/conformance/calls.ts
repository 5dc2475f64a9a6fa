/**
 * Calls of supabase-js over Auth, Data API, Storage and Edge Functions of any project with Tidegate's schema, by
 * SUPABASE_URL, SUPABASE_PUBLISHABLE_KEY and SUPABASE_SECRET_KEY. Prints what was answered, a JSON array. It leaves nothing
 * behind: the people that it makes are deleted, and all that is theirs with them.
 */
import { createClient } from "@supabase/supabase-js";
import { authCalls } from "./auth_calls.ts";
import { dataCalls } from "./data_calls.ts";
import { functionCalls } from "./function_calls.ts";
import { Recorder } from "./recording.ts";
import { storageCalls } from "./storage_calls.ts";
import type { World } from "./world.ts";

const [url, publishableKey, secretKey] = ["SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_SECRET_KEY"].map(
  (name) => {
    const value = Deno.env.get(name);
    if (!value) throw new Error(`${name} is not set`);
    return value;
  },
);
const recorder = new Recorder();
const client = (key: string) =>
  createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { fetch: recorder.fetch },
  });
const service = client(secretKey);
const email = `conformance-${crypto.randomUUID()}@example.com`, password = crypto.randomUUID();
const made = await service.auth.admin.createUser({ email, password, email_confirm: true });
if (made.error) throw made.error;
const world: World = {
  url,
  publishableKey,
  secretKey,
  recorder,
  client,
  service,
  person: client(publishableKey),
  email,
  password,
};
const signedIn = await world.person.auth.signInWithPassword({ email, password });
if (signedIn.error) throw signedIn.error;
try {
  for (const calls of [dataCalls, storageCalls, functionCalls, authCalls]) await calls(world);
} finally {
  await service.auth.admin.deleteUser(made.data.user.id);
}
console.log(JSON.stringify(recorder.answers));
