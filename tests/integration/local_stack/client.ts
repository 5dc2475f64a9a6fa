/**
 * What an application does with supabase-js, against the API that SUPABASE_URL names. Prints one JSON object; the test
 * beside it says what must be in it.
 */
import { createClient } from "@supabase/supabase-js";

const [url, publishableKey, secretKey] = ["SUPABASE_URL", "PUBLISHABLE_KEY", "SECRET_KEY"].map((name) => {
  const value = Deno.env.get(name);
  if (!value) throw new Error(`${name} is not set`);
  return value;
});
const options = { auth: { persistSession: false, autoRefreshToken: false } };
const client = createClient(url, publishableKey, options);
const service = createClient(url, secretKey, options);

/** What an answer holds when it is no error. */
type Data<Answer> = Answer extends { error: null; data: infer Value } ? NonNullable<Value> : never;

/** The data of an answer, or an exception with its error. */
function need<Answer extends { data: unknown; error: unknown }>({ data, error }: Answer): Data<Answer> {
  if (error || data === null) throw new Error(`no data: ${Deno.inspect(error)}`);
  return data as Data<Answer>;
}

const email = `${crypto.randomUUID()}@example.com`;
const password = "a long enough password";
const seen: Record<string, unknown> = {};

seen.anonymous = (await client.from("tasks").select()).status;
const signedUp = need(await client.auth.signUp({ email, password, options: { data: { name: "Ada" } } }));
seen.metadata = signedUp.user?.user_metadata.name;
need(await client.auth.signInWithPassword({ email, password }));
seen.wrongPassword = (await client.auth.signInWithPassword({ email, password: "wrong" })).error?.code;
seen.refreshed = need(await client.auth.refreshSession()).session !== null;
seen.algorithm = need(await client.auth.getClaims()).header.alg;
seen.sameUser = need(await client.auth.getUser()).user.id === signedUp.user?.id;

const task = { title: "first", data: { done: false, tags: ["a"] }, embedding: [1, 2, 3] };
const created = need(await client.from("tasks").insert(task).select().single());
seen.created = { data: created.data, embedding: created.embedding, mine: created.owner_id === signedUp.user?.id };
seen.time = created.created_at;
need(await client.from("steps").insert([1, 2].map((position) => ({ task_id: created.id, position }))).select());
const embedded = await client.from("tasks").select("title, steps(position)").eq("id", created.id).single();
seen.embedded = need(embedded);
const many = Array.from({ length: 3000 }, (_, index) => ({ title: `task ${index}`, data: { index } }));
seen.bulk = (await client.from("tasks").insert(many)).status;
seen.count = (await client.from("tasks").select("*", { count: "exact", head: true })).count;
seen.page = need(await client.from("tasks").select("title").order("number").range(1, 2)).length;
const renamed = { id: created.id, title: "renamed" };
seen.upserted = need(await client.from("tasks").upsert(renamed).select("title").single()).title;
const change = { data: { done: true } };
seen.updated = need(await client.from("tasks").update(change).eq("id", created.id).select("data").single()).data;
seen.called = need(await client.rpc("nearest_task", { wanted: [1, 2, 3] }));
seen.missing = (await client.from("tasks").select().eq("title", "none").maybeSingle()).data;
seen.deleted = need(await client.from("tasks").delete().eq("id", created.id).select("id")).length;

const made = await service.auth.admin.createUser({
  email: `b${email}`,
  password,
  email_confirm: true,
  app_metadata: { staff: true },
});
seen.staff = need(made).user?.app_metadata.staff;
seen.listed = need(await service.auth.admin.listUsers()).users.length;
seen.bypass = (await service.from("tasks").select("*", { count: "exact", head: true })).count;
seen.refusedAdmin = (await client.auth.admin.listUsers()).error?.code;

need(await service.storage.createBucket("files"));
const path = `${signedUp.user?.id}/a.txt`;
need(await service.storage.from("files").upload(path, new Blob(["hello"], { type: "text/plain" })));
seen.downloaded = await need(await service.storage.from("files").download(path)).text();
seen.refusedUpload = (await client.storage.from("files").upload("b.txt", new Blob(["x"]))).error !== null;
seen.removed = need(await service.storage.from("files").remove([path])).length;

const invoked = await client.functions.invoke("search", { body: { query: "x" } });
seen.functionIsDegraded = invoked.data?.degraded;
seen.signedOut = (await client.auth.signOut()).error;
console.log(JSON.stringify(seen));
