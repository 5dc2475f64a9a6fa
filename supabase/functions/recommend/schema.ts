/** What `recommend` takes, and what it answers: as the gateway's GET /v1/recommendations. */
import { z } from "zod";

/** The body: what the gateway takes as parameters. */
export const Wish = z.strictObject({
  like: z.guid().nullish().describe("Products that go with this one."),
  category: z.string().min(1, { abort: true }).max(63).regex(/^[a-z0-9]+(-[a-z0-9]+)*$/).nullish()
    .describe("Products of the category with this slug; alone, its most popular."),
  limit: z.int("int").min(1).max(50).default(10).describe("Most products to return."),
});

export type Wish = z.output<typeof Wish>;

/** The wish as parameters of the gateway. */
export function parameters({ like, category, limit }: Wish): URLSearchParams {
  const given = Object.entries({ like, category }).filter((entry): entry is [string, string] => Boolean(entry[1]));
  return new URLSearchParams([...given, ["limit", `${limit}`]]);
}

/** The wish as arguments of the SQL function `recommend`. */
export function argumentsOf({ like, category, limit }: Wish): Record<string, unknown> {
  return { like_product: like ?? null, category: category ?? null, max_results: limit };
}

const reasons = z.object({ kind: z.string(), product_id: z.guid().nullable(), name: z.string().nullable() });

/** What the SQL function answers, in the gateway's form: a price is a decimal as text, a category its slug. */
export const Answer = z.object({
  recommendations: z.array(
    z.object({
      product_id: z.guid(),
      name: z.string(),
      price: z.number().transform((price) => price.toFixed(2)),
      currency: z.string(),
      category_slug: z.string(),
      score: z.number(),
      because: reasons,
    }).transform(({ product_id, name, price, currency, category_slug, score, because }) => (
      { product_id, name, price, currency, category: category_slug, score, because }
    )),
  ),
  source: z.string().nullable(),
});
