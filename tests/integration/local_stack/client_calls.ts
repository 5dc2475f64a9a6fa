/**
 * Calls of supabase-js whose answers it takes apart: addresses, names, codes of errors. Prints one JSON object; the test
 * beside it says what must be in it.
 */
import { createClient } from "@supabase/supabase-js";

const [url, publishableKey, secretKey] = ["SUPABASE_URL", "PUBLISHABLE_KEY", "SECRET_KEY"]
  .map((name) => Deno.env.get(name)!);
const options = { auth: { persistSession: false, autoRefreshToken: false } };
const client = createClient(url, publishableKey, options);
const service = createClient(url, secretKey, options);
const seen: Record<string, unknown> = {};

await service.storage.createBucket("calls");
const files = service.storage.from("calls");
const text = (content: string) => new Blob([content], { type: "text/plain" });
await files.upload("folder/a file.txt", text("hello"));
const signed = await files.createSignedUrl("folder/a file.txt", 60, { download: "b.txt" });
const downloaded = await fetch(signed.data!.signedUrl);
seen.signed = [await downloaded.text(), downloaded.headers.get("content-disposition")];
const many = await files.createSignedUrls(["folder/a file.txt", "none.txt"], 60);
seen.many = await Promise.all(
  many.data!.map(async (each) => each.error ?? await (await fetch(each.signedUrl!)).text()),
);
const wanted = await files.createSignedUploadUrl("folder/b.txt");
const uploaded = await client.storage.from("calls").uploadToSignedUrl(
  "folder/b.txt",
  wanted.data!.token,
  text("later"),
);
seen.uploaded = [uploaded.data?.fullPath, await (await files.download("folder/b.txt")).data?.text()];
const forged = await client.storage.from("calls").uploadToSignedUrl("folder/c.txt", wanted.data!.token, text("x"));
seen.forged = forged.error?.name;
seen.copied = (await files.copy("folder/b.txt", "folder/c.txt")).data?.path;
seen.moved = (await files.move("folder/c.txt", "d.txt")).error;
seen.listed = (await files.list("folder")).data?.map(({ name }) => name);
seen.root = (await files.list()).data?.map(({ name, id }) => [name, id === null]);
seen.exists = [(await files.exists("d.txt")).data, (await files.exists("none.txt")).data];

const { error } = await client.from("products").delete();
seen.wholeTable = [error?.code, error?.message];
const products = client.from("products").select("sku");
seen.twice = (await products.neq("sku", "CK-1001").neq("sku", "CK-1002").eq("sku", "CK-1001")).data;
seen.sso = (await client.auth.signInWithSSO({ domain: "example.com" })).error?.status;
seen.phone = (await client.auth.signUp({ phone: "+15550100", password: "a long enough password" })).error?.status;
seen.invited = (await service.auth.admin.inviteUserByEmail("a@example.com")).error?.status;
seen.graphql = (await fetch(`${url}/graphql/v1`, { method: "POST", headers: { apikey: publishableKey } })).status;
seen.realtime = await new Promise((resolve) => {
  client.channel("anything").subscribe((status, error) => resolve([status, error?.message]));
});
await client.removeAllChannels();
console.log(JSON.stringify(seen));
