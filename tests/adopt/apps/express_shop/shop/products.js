import { Router } from "express";
import { z } from "zod";
import { asCaller, signIn } from "./caller.js";
import { Refused, refuse } from "./errors.js";
import { pageOf } from "./pages.js";

const Price = z.union([z.string(), z.number()]).transform(String)
  .pipe(z.string().regex(/^(?!0+(\.0+)?$)\d{1,10}(\.\d{1,2})?$/, "It is above 0 and has at most two decimals."));
const NewProduct = z.strictObject({
  category: z.string(),
  sku: z.string().max(40),
  name: z.string().trim().min(1).max(200),
  description: z.string().default(""),
  price: Price,
  currency: z.string().default("EUR"),
  stock: z.int().min(0).default(0),
  is_active: z.boolean().default(true),
});
const ProductChange = z.strictObject({
  name: z.string().trim().min(1).max(200),
  description: z.string(),
  price: Price,
  stock: z.int().min(0),
  is_active: z.boolean(),
}).partial();
const Purchase = z.strictObject({ quantity: z.int().min(1).max(1000).default(1) });

const SHOWN = `select p.id, c.slug as category, p.sku, p.name, p.description, p.price, p.currency, p.stock,
    p.is_in_stock, p.is_active, p.created_at
  from public.products p join public.categories c on c.id = p.category_id`;
const ORDER = "order by p.created_at desc, p.id";

export const products = Router();

products.get("/", asCaller((client, request) => {
  const { category } = request.query;
  return category
    ? pageOf(client, request, `${SHOWN} where c.slug = $1 ${ORDER}`, [category])
    : pageOf(client, request, `${SHOWN} ${ORDER}`);
}));

products.get("/:key", asCaller((client, request) => found(client, request.params.key)));

products.post("/", signIn, asCaller(async (client, request) => {
  const asked = NewProduct.parse(request.body);
  const { rows } = await client.query("select id from public.categories where slug = $1", [asked.category]);
  if (rows.length === 0) refuse("category", "There is no such category.");
  const made = await client.query(
    `insert into public.products (category_id, sku, name, description, price, currency, stock, is_active)
     values ($1, $2, $3, $4, $5, $6, $7, $8) returning id`,
    [rows[0].id, asked.sku, asked.name, asked.description, asked.price, asked.currency, asked.stock, asked.is_active],
  );
  return found(client, made.rows[0].id);
}, 201));

products.patch("/:key", signIn, asCaller(async (client, request) => {
  const asked = ProductChange.parse(request.body);
  await found(client, request.params.key);
  const { rowCount } = await client.query(
    `update public.products set name = coalesce($2, name), description = coalesce($3, description),
       price = coalesce($4, price), stock = coalesce($5, stock), is_active = coalesce($6, is_active) where id = $1`,
    [request.params.key, asked.name, asked.description, asked.price, asked.stock, asked.is_active],
  );
  // A row that a policy hides is changed by nobody, and nothing says so.
  if (rowCount === 0) throw new Refused(403, "You may not change it.");
  return found(client, request.params.key);
}));

products.delete("/:key", signIn, asCaller(async (client, request) => {
  await found(client, request.params.key);
  const { rowCount } = await client.query("delete from public.products where id = $1", [request.params.key]);
  if (rowCount === 0) throw new Refused(403, "You may not delete it.");
}, 204));

/** Buy some. The function locks the row, so that the last one is sold once. */
products.post("/:key/purchase", signIn, asCaller(async (client, request) => {
  const { quantity } = Purchase.parse(request.body ?? {});
  const parameters = [request.params.key, quantity, request.get("Idempotency-Key")];
  return (await client.query("select public.purchase($1::uuid, $2, $3) as answer", parameters)).rows[0].answer;
}, 201));

async function found(client, key) {
  const { rows } = await client.query(`${SHOWN} where p.id = $1`, [key]);
  if (rows.length === 0) throw new Refused(404, "There is no such product.");
  return rows[0];
}
