// Applies the files of migrations/ that this database has not had, in order, each in a transaction.
import { readdir, readFile } from "node:fs/promises";
import pg from "pg";
import { database } from "./shop/settings.js";

const folder = new URL("./migrations/", import.meta.url);
const client = new pg.Client(database());
await client.connect();
await client.query("create table if not exists migrations (name text primary key)");
for (const name of (await readdir(folder)).sort()) {
  await client.query("begin");
  await client.query("lock table migrations");
  const { rowCount } = await client.query("insert into migrations values ($1) on conflict do nothing", [name]);
  if (rowCount) await client.query(await readFile(new URL(name, folder), "utf8"));
  await client.query("commit");
}
await client.end();
