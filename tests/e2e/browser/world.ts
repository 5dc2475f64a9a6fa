/** Who calls, and what there is to call about. */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";

/** An account that a page makes. */
interface Account {
  email: string;
  password: string;
}

/** What a call may use: somebody signed in, a product that is on sale, and a document of theirs. */
interface World {
  url: string;
  key: string;
  client: SupabaseClient;
  me: Account;
  product: string;
  mine: string;
}

/** Set by `enter`, before anything is called. */
export const world = {} as World;

/** A new visitor. */
export function someone(): SupabaseClient {
  const auth = { persistSession: false, autoRefreshToken: false, storageKey: crypto.randomUUID() };
  return createClient(world.url, world.key, { tracePropagation: true, auth });
}

/** An account that is not there yet. */
export function account(): Account {
  return { email: `${crypto.randomUUID()}@tidegate.example`, password: "correct horse battery" };
}

/** Signs somebody up at a project, and finds what there is. */
export async function enter(url: string, key: string): Promise<void> {
  const client = createClient(url, key, { tracePropagation: true });
  Object.assign(world, { url, key, client, me: account() });
  const { error } = await client.auth.signUp(world.me);
  if (error) throw error;
  const products = await client.from("products").select("id").gte("stock", 10).order("name").limit(1).throwOnError();
  const document = await client.from("documents").insert({ title: "Mine" }).select("id").single().throwOnError();
  Object.assign(world, { product: products.data[0].id, mine: document.data.id });
}

/** How a function was called, and what the page saw of the answer. */
interface Answer {
  who: string;
  given: string;
  how: string;
  status: number;
  message: string | null;
  count: number | null;
}

/** Nobody's id, of an order or a document. */
const NOTHING = "00000000-0000-4000-8000-000000000000";

/** Arguments that a page gives to functions of the database; others are given nothing but nulls. */
function argumentsOf(name: string): Record<string, unknown> | undefined {
  const idempotency_key = crypto.randomUUID();
  const about = { order_id: NOTHING };
  const known: Record<string, Record<string, unknown>> = {
    search_products: { query: "stove" },
    search: { query: "stove", mode: "keyword", kinds: ["products"], max_results: 3 },
    recommend: { max_results: 3 },
    place_order: { items: [{ product_id: world.product, quantity: 1 }], idempotency_key },
    purchase: { product_id: world.product, quantity: 1, idempotency_key },
    retry_document: { document_id: NOTHING },
    ...{ cancel_order: about, ship_order: about, refund_order: about, retry_payment: about },
    ...{ mark_paid: about, mark_refunded: about },
  };
  return known[name];
}

const WAYS = { post: {}, get: { get: true }, head: { head: true, count: "exact" as const } };

/**
 * Calls a function of the database in every way that supabase-js has: without arguments and with them; by POST, by GET, and
 * counted without its rows; as a visitor and, unless that would end their account, as a person.
 */
export async function callFunction(name: string, parameters: string[]): Promise<Answer[]> {
  const nulls = Object.fromEntries(parameters.map((parameter) => [parameter, null]));
  const answers: Answer[] = [];
  for (const who of name === "close_account" ? ["visitor"] : ["visitor", "person"]) {
    for (const given of ["nothing", "arguments"]) {
      for (const [how, options] of Object.entries(WAYS)) {
        const caller = who === "person" ? world.client : someone();
        const sent = given === "nothing" ? undefined : argumentsOf(name) ?? nulls;
        const { status, error, count } = await caller.rpc(name, sent, options);
        answers.push({ who, given, how, status, message: error?.message ?? null, count });
      }
    }
  }
  return answers;
}
