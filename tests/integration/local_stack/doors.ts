/**
 * Reads what it is told to with supabase-js, as whoever the token belongs to: one JSON object a line in, one a line out.
 * The test beside it compares the rows with those of the other doors.
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { createInterface } from "node:readline";
import process from "node:process";

interface Read {
  token: string | null;
  table?: string;
  columns?: string;
  filter?: [string, "eq" | "gte" | "neq", string];
  order?: string[];
  range?: [number, number];
  rpc?: string;
  arguments?: Record<string, unknown>;
  slices?: [text: string, start: number, end: number][];
}

const url = Deno.env.get("SUPABASE_URL")!;
const key = Deno.env.get("PUBLISHABLE_KEY")!;
const clients = new Map<string | null, SupabaseClient>();

function clientOf(token: string | null): SupabaseClient {
  const known = clients.get(token);
  if (known) return known;
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
  const made = createClient(url, key, {
    auth: { persistSession: false, autoRefreshToken: false },
    global: { headers },
  });
  clients.set(token, made);
  return made;
}

/** As the page on search says: offsets count characters, strings of JavaScript UTF-16 units. */
const slice = (text: string, [start, end]: [number, number]) => [...text].slice(start, end).join("");

async function read(wanted: Read) {
  if (wanted.slices) {
    return { data: wanted.slices.map(([text, ...pair]) => slice(text, pair)), count: null, error: null };
  }
  const client = clientOf(wanted.token);
  if (wanted.rpc) return await client.rpc(wanted.rpc, wanted.arguments);
  let query = client.from(wanted.table!).select(wanted.columns, { count: "exact" });
  if (wanted.filter) query = query.filter(...wanted.filter);
  for (const column of wanted.order ?? []) query = query.order(column);
  if (wanted.range) query = query.range(...wanted.range);
  return await query;
}

for await (const line of createInterface({ input: process.stdin })) {
  const { data, count, error } = await read(JSON.parse(line));
  console.log(JSON.stringify({ data, count, code: error?.code ?? null }));
}
