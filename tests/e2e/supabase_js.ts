// supabase-js from sign-up to a document found by its meaning. Prints one line when all is as it should be.
import { createClient, type SupabaseClient } from "@supabase/supabase-js";

function env(name: string): string {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

async function signUp(): Promise<SupabaseClient> {
  const client = createClient(env("SUPABASE_URL"), env("SUPABASE_PUBLISHABLE_KEY"), {
    auth: { persistSession: false, autoRefreshToken: false },
  });
  const email = `${crypto.randomUUID()}@tidegate.example`;
  const { error } = await client.auth.signUp({ email, password: "correct horse battery" });
  if (error) throw error;
  return client;
}

async function titles(client: SupabaseClient | null): Promise<string[]> {
  const token = (await client?.auth.getSession())?.data.session?.access_token;
  const response = await fetch(`${env("GATEWAY_URL")}/v1/search`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify({ query: env("QUESTION"), mode: "semantic", limit: 100 }),
  });
  if (!response.ok) throw new Error(`search answered ${response.status}: ${await response.text()}`);
  const { results } = await response.json() as { results: { title: string }[] };
  return results.map((result) => result.title);
}

async function isReady(client: SupabaseClient, id: string): Promise<boolean> {
  const { data, error } = await client.from("documents").select("status").eq("id", id).single();
  if (error) throw error;
  return data.status === "ready";
}

async function waitUntil(condition: () => Promise<boolean>, deadlineMs: number): Promise<void> {
  const end = performance.now() + deadlineMs;
  while (!await condition()) {
    if (performance.now() > end) throw new Error("the document was not embedded in time");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const [author, stranger] = await Promise.all([signUp(), signUp()]);
const { data: document, error } = await author.from("documents")
  .insert({ title: env("TITLE"), content: env("CONTENT") }).select("id, status").single();
if (error) throw error;
await waitUntil(() => isReady(author, document.id), 120_000);

const [own, others, visitors] = await Promise.all([titles(author), titles(stranger), titles(null)]);
if (own[0] !== env("TITLE")) throw new Error(`the author finds ${own[0]} first`);
if (others.includes(env("TITLE")) || visitors.includes(env("TITLE"))) throw new Error("somebody else finds it");
await author.from("documents").delete().eq("id", document.id).throwOnError();
console.log("found by its author, not by a stranger, not by a visitor");
