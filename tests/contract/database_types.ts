/** What the types of the database say that no generator could; `deno check` reads this, nothing runs it. */
import { createClient } from "@supabase/supabase-js";
import type { z } from "zod";
import type { Database, Order, SearchAnswer, SearchResult } from "../../supabase/clients/typescript/database.ts";
import type { Result } from "../../supabase/functions/_shared/results.ts";

/** True for two types that are one. */
type Same<One, Other> = (<T>() => T extends One ? 1 : 2) extends (<T>() => T extends Other ? 1 : 2) ? true : false;
/** The same fields, level by level, so that it does not matter how a type was composed. */
type Plain<T> = T extends (infer Item)[] ? Plain<Item>[]
  : T extends object ? { [Field in keyof T]: Plain<T[Field]> }
  : T;
const holds = <_Claim extends true>() => {};

type Passage = SearchResult["passages"][number];
type PassageOfFunction = z.output<typeof Result>["passages"][number];
holds<Same<Plain<Passage>, Plain<PassageOfFunction>>>();
holds<
  Same<
    Plain<Omit<SearchResult, "metadata" | "passages">>,
    Plain<Omit<z.output<typeof Result>, "metadata" | "passages">>
  >
>();

const supabase = createClient<Database>("https://project.example", "sb_publishable_x");
const id = "b0de0000-0000-4000-8000-000000005001";

const items = [{ product_id: id, quantity: 1, unit_price: "9.90" }];
const seen = { expected_total: 9.9, expected_currency: "EUR" };
const { data: order } = await supabase.rpc("place_order", { items, ...seen }).throwOnError();
holds<Same<typeof order, Order>>();
const metadata = { year: { $gte: 2024, $not: { $in: [2025] } }, author: { name: "Ada" }, tags: ["boat"] };
const { data: found } = await supabase.rpc("search", { query: "tent", filters: { languages: ["de"], metadata } })
  .throwOnError();
holds<Same<typeof found, SearchAnswer>>();
const [start, end]: [number, number] = found.results[0].highlights[0];
console.log(start, end, order.items[0].unit_price);

await supabase.from("products").update({ price: "19.90" }).eq("id", id);
const { data: product } = await supabase.from("products").select("price, categories (slug)").single().throwOnError();
holds<Same<typeof product, { price: number; categories: { slug: string } }>>();

// @ts-expect-error: an order names its products
await supabase.rpc("place_order", { items: [{ quantity: 1 }] });
// @ts-expect-error: there is no such mode
await supabase.rpc("search", { query: "tent", mode: "fast" });
// @ts-expect-error: an owner may be unknown
console.log(found.results[0].owner.name);
// @ts-expect-error: the total of an order is not to be written
await supabase.from("orders").update({ total: "1.00", nothing: 1 });
