/** The question that `search` takes: the gateway's, field by field (POST /v1/search). */
import { z } from "zod";

const MAX_QUERY = 4_000;
const MAX_METADATA = 4_000;
const MAX_PRICE = 9_999_999_999.99;
const NUL = "It holds the character NUL (U+0000), which is not text.";

/** White space as the gateway has it around a query. */
// deno-lint-ignore no-control-regex
const AROUND = /^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g;

const query = z.string().superRefine((value, context) => {
  const text = value.replace(AROUND, "");
  const length = [...text].length; // characters, as the gateway and PostgreSQL count them
  const issue = { origin: "string", inclusive: true, input: value } as const;
  if (!text.isWellFormed()) {
    const message = "It should be a valid string; this one holds half of a surrogate pair.";
    context.addIssue({ code: "custom", message, params: { code: "string_unicode" } });
  } else if (length < 1) context.addIssue({ ...issue, code: "too_small", minimum: 1 });
  else if (length > MAX_QUERY) context.addIssue({ ...issue, code: "too_big", maximum: MAX_QUERY });
  else if (text.includes("\0")) context.addIssue({ code: "custom", message: NUL });
}).meta({
  description: "What is looked for, in words: 1 to 4,000 characters, white space around it not counted.",
  minLength: 1,
  maxLength: MAX_QUERY,
});

/** A list that names each of its items once. */
function set<Item extends z.ZodType>(item: Item, { atLeast }: { atLeast: number }) {
  return z.array(item).min(atLeast).refine((items) => new Set(items).size === items.length, {
    message: "Each can be named once.",
    when: ({ issues }) => issues.length === 0,
  }).meta({ uniqueItems: true });
}

const price = z.number().min(0).max(MAX_PRICE);

const metadata = z.record(z.string(), z.json()).superRefine((value, context) => {
  const text = JSON.stringify(value);
  if (text.length > MAX_METADATA) {
    const message = "It is longer than 4,000 characters of JSON, a bound that no setting moves.";
    context.addIssue({ code: "custom", message });
  } else if (/(?<!\\)(?:\\\\)*\\u0000/.test(text)) context.addIssue({ code: "custom", message: NUL });
  else if (/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(text)) {
    const message = "It holds NaN, an infinite number or half a surrogate pair, none of which is JSON.";
    context.addIssue({ code: "custom", message });
  }
});

const filters = z.strictObject({
  organization_ids: z.array(z.guid()).min(1).max(100).nullish()
    .describe("Documents filed in one of these organizations, at most 100."),
  category: z.string().min(1, { abort: true }).max(63).regex(/^[a-z0-9]+(-[a-z0-9]+)*$/).nullish()
    .describe("Products of the category with this slug."),
  price_min: price.nullish().describe("Products at this price or above."),
  price_max: price.nullish().describe("Products at this price or below."),
  in_stock: z.boolean().nullish().describe("Products that are (true) or are not (false) in stock."),
  metadata: metadata.nullish()
    .describe("What the metadata of a document or product must contain, nested objects and lists included."),
}).superRefine(({ price_min, price_max }, context) => {
  if ((price_min ?? 0) > (price_max ?? MAX_PRICE)) {
    const message = "price_min is above price_max, so nothing could be found: swap them.";
    context.addIssue({ code: "custom", message });
  }
});

/** The body of a search. */
export const Question = z.strictObject({
  query,
  mode: z.enum(["semantic", "keyword", "hybrid"]).default("hybrid")
    .describe("By meaning, by words, or both weighed together."),
  in: set(z.enum(["documents", "products"]), { atLeast: 1 }).default(["documents", "products"])
    .describe("What to search."),
  limit: z.int("int").min(1).max(100).default(10).describe("Most results to return."),
  filters: filters.default({}).describe("What a result must be like. Every result passes every filter."),
  effort: z.enum(["bounded", "exact"]).default("bounded")
    .describe("`exact` compares everything that the caller may read; it is for people who are signed in."),
  passages_per_result: z.int("int").min(1).max(10).default(1).describe(
    "Most passages of each result: its best chunks.",
  ),
  include: set(z.enum(["content", "neighbours"]), { atLeast: 0 }).default([])
    .describe("`content`: the whole text of each result. `neighbours`: the chunks before and after each passage."),
  syntax: z.enum(["operators", "plain"]).default("operators")
    .describe("`operators`: phrases, exclusions and prefixes count. `plain`: all of it is words."),
  explain: z.boolean().default(false).describe("Whether the gateway says why it was found."),
  explain_ids: z.array(z.guid()).max(20).default([]).refine((ids) => new Set(ids).size === ids.length, {
    message: "Each can be named once.",
    when: ({ issues }) => issues.length === 0,
  }).meta({ uniqueItems: true }).describe("Documents and products of which the gateway says why each is where it is."),
}).superRefine(({ filters, in: kinds }, context) => {
  const ofProducts = (["category", "price_min", "price_max", "in_stock"] as const).filter((name) =>
    (filters[name] ?? null) !== null
  );
  if (ofProducts.length > 0 && !kinds.includes("products")) {
    const message = `Only products can pass ${ofProducts.join(", ")}: add 'products' to 'in', or drop the filter.`;
    context.addIssue({ code: "custom", message });
  } else if ((filters.organization_ids ?? null) !== null && !kinds.includes("documents")) {
    const message = "Only documents can pass organization_ids: add 'documents' to 'in', or drop the filter.";
    context.addIssue({ code: "custom", message });
  }
});

export type Question = z.output<typeof Question>;

/** The same question for the SQL function `search`, by words. */
export function byWords({ query, in: kinds, limit, filters, effort, ...rest }: Question): Record<string, unknown> {
  const { metadata, ...others } = filters;
  return {
    query: query.replace(AROUND, ""),
    mode: "keyword",
    kinds,
    max_results: limit,
    ...others,
    metadata_contains: metadata,
    effort,
    passages_per_result: rest.passages_per_result,
    include: rest.include,
    syntax: rest.syntax,
  };
}
