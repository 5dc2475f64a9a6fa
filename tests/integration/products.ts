/** What a shop does with supabase-js; prints one JSON object, and the test beside it says what must be in it. */
import { createClient } from "@supabase/supabase-js";

const [url, key, authorization, category] = ["SUPABASE_URL", "PUBLISHABLE_KEY", "STAFF", "CATEGORY"]
  .map((name) => Deno.env.get(name) ?? "");
const auth = { persistSession: false, autoRefreshToken: false };
const staff = createClient(url, key, { auth, global: { headers: { authorization } } });
const visitor = createClient(url, key, { auth });
const seen: Record<string, unknown> = {};

const rows = [0.1, "0.20", 19.9].map((price, index) => ({
  category_id: category,
  sku: `SHEAVE-${index}`,
  name: `Sheave ${index}`,
  price,
  stock: index,
}));
seen.added = (await staff.from("products").insert(rows)).status;
const listed = await visitor.from("products").select("price, price_cents", { count: "exact" })
  .eq("category_id", category).order("price").range(0, 19);
seen.prices = listed.data?.map(({ price }) => price);
seen.count = listed.count;
const cents = listed.data?.reduce((sum, row) => sum + row.price_cents, 0) ?? 0;
seen.sum = (cents / 100).toFixed(2);
seen.changed = (await staff.from("products").update({ price: "5.05" }).eq("sku", "SHEAVE-2")
  .select("price, is_in_stock").single()).data;
const found = await visitor.rpc("search_products", { query: "sheaves" }).eq("is_in_stock", true).order("name");
seen.found = found.data?.map(({ name }: { name: string }) => name);
seen.missing = (await staff.from("products").update({ stock: 1 }).eq("sku", "NONE").select().single()).error?.code;
seen.duplicate = (await staff.from("products").insert(rows[0])).status;
seen.blank = (await staff.from("products").insert({ ...rows[0], sku: "BLANK", name: " " })).status;
seen.refused = (await visitor.from("products").insert({ ...rows[0], sku: "MINE" })).status;
seen.removed = (await staff.from("products").delete().eq("category_id", category).select("id")).data?.length;
console.log(JSON.stringify(seen));
