/**
 * What pages call by supabase-js, service by service: how, and what that gives. Each name is a test of its own, and stands
 * in docs/browser.md.
 */
import { type FunctionInvokeOptions, FunctionRegion, type FunctionsHttpError } from "@supabase/supabase-js";
import { account, someone, world } from "./world.ts";

type Call = [run: () => Promise<unknown>, expected: unknown];

const files = (client = world.client) => client.storage.from("documents");

/** The JSON of a refusal, which the SDK hands to the page unread. */
async function refusal(name: string, options: FunctionInvokeOptions): Promise<{ status?: number; code?: string }> {
  const { error } = await world.client.functions.invoke(name, options);
  return await (error as FunctionsHttpError).context.json();
}

/** A session of one's own that may be ended. */
async function signedIn() {
  const client = someone();
  await client.auth.signInWithPassword(world.me);
  return client;
}

export const CALLS: Record<string, Call> = {
  "auth.signUp": [async () => (await someone().auth.signUp(account())).data.session !== null, true],
  "auth.signUp, refused": [
    async () => (await someone().auth.signUp({ ...account(), password: "short" })).error?.code,
    "weak_password",
  ],
  "auth.signInWithPassword": [
    async () => (await someone().auth.signInWithPassword(world.me)).data.user?.email === world.me.email,
    true,
  ],
  "auth.signInWithPassword, refused": [
    async () => (await someone().auth.signInWithPassword({ ...world.me, password: "wrong" })).error?.code,
    "invalid_credentials",
  ],
  "auth.getUser": [async () => (await world.client.auth.getUser()).data.user?.email === world.me.email, true],
  "auth.getClaims": [async () => (await world.client.auth.getClaims()).data?.claims.role, "authenticated"],
  "auth.updateUser": [
    async () => (await world.client.auth.updateUser({ data: { name: "Ada" } })).data.user?.user_metadata.name,
    "Ada",
  ],
  "auth.refreshSession": [
    async () => (await (await signedIn()).auth.refreshSession()).data.user?.email === world.me.email,
    true,
  ],
  "auth.resetPasswordForEmail": [
    async () => (await someone().auth.resetPasswordForEmail(world.me.email)).error,
    null,
  ],
  "auth.signInWithOtp": [async () => (await someone().auth.signInWithOtp({ email: world.me.email })).error, null],
  "auth.verifyOtp, refused": [
    async () => {
      const { email } = world.me;
      return (await someone().auth.verifyOtp({ email, token: "000000", type: "magiclink" })).error?.status;
    },
    403,
  ],
  "auth.admin.listUsers, refused": [
    async () => (await world.client.auth.admin.listUsers()).error?.code,
    "not_admin",
  ],
  "auth.signOut": [async () => (await (await signedIn()).auth.signOut({ scope: "local" })).error, null],

  "from.select, a page with a count": [
    async () => {
      const asked = world.client.from("products").select("name, categories(slug)", { count: "exact" });
      const { data, count } = await asked.order("name").range(0, 4);
      return [data?.length, (count ?? 0) > 5];
    },
    [5, true],
  ],
  "from.select, only counted": [
    async () => ((await world.client.from("products").select("*", { count: "exact", head: true })).count ?? 0) > 5,
    true,
  ],
  "from.select, a single row": [
    async () => (await world.client.from("products").select("name").eq("id", world.product).single()).status,
    200,
  ],
  "from.select, a single row that is not there": [
    async () => (await world.client.from("products").select("name").eq("name", "nothing").single()).error?.code,
    "PGRST116",
  ],
  "from.select, as CSV": [
    async () => (await world.client.from("categories").select("slug").csv()).data?.split("\n")[0],
    "slug",
  ],
  "from.select, no such table": [async () => (await world.client.from("nothing").select()).error?.code, "PGRST205"],
  "from.insert": [
    async () => {
      const row = { title: "Knots", content: "A bowline." };
      return (await world.client.from("documents").insert(row).select("title").single()).data;
    },
    { title: "Knots" },
  ],
  "from.insert, refused": [
    async () => (await world.client.from("categories").insert({ slug: "mine", name: "Mine" })).error?.code,
    "42501",
  ],
  "from.upsert, refused": [
    async () => (await world.client.from("categories").upsert({ slug: "mine", name: "Mine" })).error?.code,
    "42501",
  ],
  "from.update": [
    async () => {
      const changed = world.client.from("documents").update({ title: "Still mine" }).eq("id", world.mine);
      return (await changed.select("title")).data;
    },
    [{ title: "Still mine" }],
  ],
  "from.delete": [
    async () => {
      const made = await world.client.from("documents").insert({ title: "Short" }).select("id").single();
      return (await world.client.from("documents").delete().eq("id", made.data?.id)).status;
    },
    204,
  ],

  "storage.upload, a file": [
    async () =>
      (await files().upload(`${world.mine}/knots.txt`, new Blob(["A bowline."], { type: "text/plain" }))).error,
    null,
  ],
  "storage.upload, a text and no type": [
    async () => (await files().upload(`${world.mine}/hitch.txt`, "A clove hitch.")).error,
    null,
  ],
  "storage.upload, bytes in place of a file": [
    async () => {
      const options = { contentType: "application/pdf", upsert: true, cacheControl: "60", metadata: { pages: 1 } };
      return (await files().upload(`${world.mine}/scan.pdf`, new Uint8Array([37, 80, 68, 70]), options)).error;
    },
    null,
  ],
  "storage.upload, refused": [
    async () => {
      const { error } = await files(someone()).upload(`${world.mine}/theirs.txt`, new Blob(["x"]));
      return error !== null && !/fetch/.test(error.message);
    },
    true,
  ],
  "storage.download": [
    async () => await (await files().download(`${world.mine}/knots.txt`)).data?.text(),
    "A bowline.",
  ],
  "storage.list": [async () => (await files().list(world.mine)).error, null],
  "storage.remove": [async () => (await files().remove([`${world.mine}/knots.txt`])).data?.length, 1],

  "functions.invoke, with a trace and a region": [
    async () => {
      const body = { query: "stove", in: ["products"] };
      const answer = await world.client.functions.invoke("search", { body, region: FunctionRegion.EuCentral1 });
      return answer.data.results.length > 0;
    },
    true,
  ],
  "functions.invoke, as a visitor": [
    async () => (await someone().functions.invoke("search", { body: { query: "stove" } })).error,
    null,
  ],
  "functions.invoke, refused by the gateway": [
    async () => (await refusal("search", { body: { query: "" } })).status,
    422,
  ],
  "functions.invoke, by another method": [async () => (await refusal("search", { method: "DELETE" })).status, 405],
  "functions.invoke, no such function": [async () => (await refusal("nothing", { body: {} })).code, "NOT_FOUND"],
};
