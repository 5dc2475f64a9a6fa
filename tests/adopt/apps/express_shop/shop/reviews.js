import { Router } from "express";
import { z } from "zod";
import { asCaller, signIn } from "./caller.js";
import { Refused } from "./errors.js";
import { pageOf } from "./pages.js";

const NewReview = z.strictObject({
  product: z.uuid(),
  stars: z.int().min(1).max(5),
  text: z.string().max(2000).default(""),
  is_public: z.boolean().default(false),
});
const ReviewChange = NewReview.omit({ product: true }).partial();

export const reviews = Router();

reviews.get("/", asCaller((client, request) =>
  pageOf(client, request, "select * from reviews order by created_at desc, id")));

reviews.get("/:key", asCaller((client, request) => found(client, request.params.key)));

reviews.post("/", signIn, asCaller(async (client, request) => {
  const asked = NewReview.parse(request.body);
  const { rows } = await client.query(
    "insert into reviews (product, stars, text, is_public) values ($1, $2, $3, $4) returning *",
    [asked.product, asked.stars, asked.text, asked.is_public],
  );
  return rows[0];
}, 201));

reviews.patch("/:key", signIn, asCaller(async (client, request) => {
  const asked = ReviewChange.parse(request.body);
  await found(client, request.params.key);
  const { rowCount } = await client.query(
    `update reviews set stars = coalesce($2, stars), text = coalesce($3, text), is_public = coalesce($4, is_public)
     where id = $1`,
    [request.params.key, asked.stars, asked.text, asked.is_public],
  );
  if (rowCount === 0) throw new Refused(403, "You may not change it.");
  return found(client, request.params.key);
}));

async function found(client, key) {
  const { rows } = await client.query("select * from reviews where id = $1", [key]);
  if (rows.length === 0) throw new Refused(404, "There is no such review.");
  return rows[0];
}
