/** Calls of the Data API. */
import { raw, type World } from "./world.ts";

export async function dataCalls(world: World): Promise<void> {
  await reading(world);
  await writing(world);
  await procedures(world);
  await protocol(world);
}

async function reading({ recorder, client, publishableKey }: World): Promise<void> {
  const call = recorder.call.bind(recorder);
  const products = () => client(publishableKey).from("products");
  await call("data: read", () => products().select("sku, price").limit(2));
  await call("data: read nothing", () => products().select().eq("sku", "NO-1"));
  await call("data: read, column renamed", () => products().select("article:sku").limit(1));
  await call("data: read, unknown column", () => products().select("nothing"));
  await call("data: read, unknown table", () => client(publishableKey).from("nothing").select());
  await call("data: read, with another table", () => products().select("sku, categories (slug)").limit(1));
  await call("data: read, with only those of a table", () => (
    products().select("sku, categories!inner (slug)").eq("categories.slug", "nothing")
  ));
  await call("data: read, with an unknown table", () => products().select("sku, nothing (id)"));
  await call("data: read, wrong hint", () => products().select("sku, categories!nothing (slug)"));
  await call("data: one", () => products().select("sku").order("sku").limit(1).single());
  await call("data: one of none", () => products().select("sku").eq("sku", "NO-1").single());
  await call("data: one of many", () => products().select("sku").single());
  await call("data: at most one of none", () => products().select("sku").eq("sku", "NO-1").maybeSingle());
  await call("data: count", () => products().select("*", { count: "exact", head: true }));
  await call("data: count of none", () => products().select("*", { count: "exact", head: true }).eq("sku", "NO-1"));
  await call("data: page", () => products().select("sku", { count: "exact" }).order("sku").range(0, 1));
  await call(
    "data: page beyond the end",
    () => products().select("sku", { count: "exact" }).range(1_000_000, 1_000_001),
  );
  await call("data: planned count", () => products().select("sku", { count: "planned" }).limit(1));
  await call("data: order by nothing", () => products().select("sku").order("nothing"));
  await call("data: filter, list", () => products().select("sku").in("currency", ["EUR", "USD"]).limit(1));
  await call("data: filter, or", () => products().select("sku").or("price.lt.1,price.gt.2").limit(1));
  await call("data: filter, null", () => products().select("sku").is("description", null));
  await call("data: filter, pattern", () => products().select("sku").ilike("name", "*a*").limit(1));
  await call("data: filter, JSON contains", () => products().select("sku").contains("metadata", {}).limit(1));
  await call("data: filter, path into JSON", () => products().select("sku").eq("metadata->>color", "red"));
  await call("data: filter, not", () => products().select("sku").not("sku", "eq", "NO-1").limit(1));
  await call("data: filter, wrong type", () => products().select("sku").eq("stock", "many"));
  await call("data: filter, unknown operator", () => products().select("sku").filter("sku", "resembles", "x"));
  await call("data: filter, unknown column", () => products().select("sku").eq("nothing", 1));
  await call("data: filter, broken logic", () => products().select("sku").or("price.lt"));
  await call("data: aggregate", () => products().select("stock.sum()"));
  await call("data: CSV", () => products().select("sku").limit(1).csv());
}

async function writing({ recorder, client, publishableKey, person }: World): Promise<void> {
  const call = recorder.call.bind(recorder);
  const documents = () => person.from("documents");
  const { data } = await call(
    "data: insert",
    () => documents().insert({ title: "Conformance" }).select("id, title").single(),
  );
  const id = data?.id;
  await call("data: insert, no answer", () => documents().insert({ title: "Conformance" }));
  await call(
    "data: insert many",
    () => documents().insert([{ title: "Conformance" }, { title: "Conformance" }]).select("id"),
  );
  await call("data: insert, key taken", () => documents().insert({ id, title: "Conformance" }));
  await call("data: insert, unknown column", () => documents().insert({ title: "Conformance", nothing: 1 }));
  await call("data: insert, wrong type", () => documents().insert({ title: "Conformance", organization_id: "x" }));
  await call("data: insert, rule broken", () => documents().insert({ title: "" }));
  await call("data: insert, null where none may be", () => documents().insert({ title: null }));
  await call(
    "data: insert, no right to the column",
    () => documents().insert({ title: "Conformance", status: "ready" }),
  );
  await call("data: insert as nobody", () => client(publishableKey).from("documents").insert({ title: "Conformance" }));
  await call("data: insert, unknown key of another table", () => (
    person.from("interactions").insert({ product_id: crypto.randomUUID(), kind: "view" })
  ));
  await call("data: upsert", () => documents().upsert({ id, title: "Conformance" }).select("id"));
  await call("data: upsert, ignoring what is there", () => (
    documents().upsert({ id, title: "Conformance" }, { ignoreDuplicates: true }).select("id")
  ));
  await call("data: update", () => documents().update({ title: "Conformance, changed" }).eq("id", id).select("title"));
  await call("data: update, no answer", () => documents().update({ title: "Conformance" }).eq("id", id));
  await call("data: update none", () => documents().update({ title: "x" }).eq("id", crypto.randomUUID()).select("id"));
  await call("data: update, none to be one", () => (
    documents().update({ title: "x" }).eq("id", crypto.randomUUID()).select("id").single()
  ));
  await call("data: update a whole table", () => documents().update({ title: "x" }));
  await call("data: delete a whole table", () => documents().delete());
  await call("data: delete", () => documents().delete().eq("id", id).select("id"));
  await call("data: delete, counted", () => documents().delete({ count: "exact" }).eq("title", "Conformance"));
  await call("data: delete none", () => documents().delete().eq("id", id));
}

async function procedures({ recorder, client, publishableKey, person }: World): Promise<void> {
  const call = recorder.call.bind(recorder);
  const nobody = client(publishableKey);
  await call("data: function", () => nobody.rpc("recommend", { max_results: 1 }));
  await call("data: function by GET", () => nobody.rpc("search_products", { query: "stove" }, { get: true }));
  await call("data: function, rows chosen", () => nobody.rpc("search_products", { query: "a" }).select("sku").limit(1));
  await call("data: function, counted", () => (
    nobody.rpc("search_products", { query: "stove" }, { head: true, count: "exact" })
  ));
  await call("data: function, unknown", () => nobody.rpc("nothing"));
  await call("data: function, unknown argument", () => nobody.rpc("search_products", { nothing: 1 }));
  await call("data: function, no right to it", () => nobody.rpc("cancel_order", { order_id: crypto.randomUUID() }));
  await call("data: function that refuses", () => person.rpc("cancel_order", { order_id: crypto.randomUUID() }));
  await call("data: function, wrong type", () => person.rpc("cancel_order", { order_id: "x" }));
  await call("data: function, changing by GET", () => (
    person.rpc("cancel_order", { order_id: crypto.randomUUID() }, { get: true })
  ));
}

async function protocol(world: World): Promise<void> {
  const { recorder, secretKey, person } = world;
  const call = recorder.call.bind(recorder);
  const send = (path: string, method = "GET", headers: Record<string, string> = {}, body?: string) =>
    raw(world, `/rest/v1/${path}`, { method, headers, body });
  const { data } = await person.auth.getSession();
  const bearer = { authorization: `Bearer ${data.session?.access_token}` };
  const json = { ...bearer, "content-type": "application/json" };
  await call("data: no key", () => recorder.fetch(`${world.url}/rest/v1/products?limit=1`));
  await call("data: wrong key", () => raw(world, "/rest/v1/products?limit=1", {}, "sb_publishable_wrong"));
  await call("data: bad token", () => send("products?limit=1", "GET", { authorization: "Bearer a.b.c" }));
  await call("data: another schema", () => send("products?limit=1", "GET", { "accept-profile": "private" }));
  await call("data: unknown media type", () => send("products?limit=1", "GET", { accept: "text/nothing" }));
  await call("data: a body that is no JSON", () => send("documents", "POST", json, "{"));
  await call("data: a body of another type", () => (
    send("documents", "POST", { ...bearer, "content-type": "text/html" }, "x")
  ));
  await call("data: method that is not offered", () => send("products", "TRACKED", bearer));
  await call(
    "data: preference handled strictly",
    () => send("products?limit=1", "GET", { prefer: "handling=strict, nothing=1" }),
  );
  await call("data: columns named, the rest by default", () => (
    send(
      "documents?columns=title",
      "POST",
      { ...json, prefer: "missing=default, return=minimal" },
      '[{"title": "Conformance", "x": 1}]',
    )
  ));
  await call("data: description with the secret key", () => raw(world, "/rest/v1/", {}, secretKey));
  await call("data: head", () => send("products?limit=1", "HEAD"));
}
