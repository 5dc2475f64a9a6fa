/** What `recommend` takes, and what it answers: as the gateway's GET /v1/recommendations. */
import { z } from "zod";
import { OfEveryAnswer } from "../_shared/degradation.ts";

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

const Recommendation = z.object({
  product_id: z.guid(),
  name: z.string(),
  price: z.number().describe("In the currency's units."),
  currency: z.string().describe("ISO 4217 code."),
  category: z.string().describe("The slug of its category."),
  score: z.number().describe("More is better; comparable within one kind of reason."),
  because: z.object({
    kind: z.enum(["bought_together", "viewed", "similar", "popular_in_category", "popular"]).describe(
      "`bought_together`: people buy it with that product; `viewed`: it is like that product, which the caller looked at; " +
        "`similar`: it is like that product; else it is popular.",
    ),
    product_id: z.guid().nullable().describe("That product; null where it is just popular."),
    name: z.string().nullable().describe("Its name."),
  }),
});

const Source = z.enum(["personal", "similar", "popular_in_category", "popular"]);

/** What is recommended. */
export const Answer = OfEveryAnswer.extend({
  recommendations: z.array(Recommendation).describe("Best first. Empty only when nothing can be had at all."),
  source: Source.nullable().describe("What the list begins with. Null for an empty list."),
});

/** What the SQL function answers, in the gateway's form: a category is its slug. */
export const Recommended = z.object({
  recommendations: z.array(
    Recommendation.omit({ category: true }).extend({
      category_slug: z.string(),
    }).transform(({ category_slug: category, because, score, ...product }) => ({
      ...product,
      category,
      score,
      because,
    })),
  ),
  source: Source.nullable(),
});
