/** What `search` and `answers` take alike: the gateway's schemas, field by field. */
import { z } from "zod";
import { isMoment, KNOWN, MOMENT, whyNoFilter } from "./metadata_filter.ts";

export const MAX_QUERY = 4_000;
const MAX_METADATA = 4_000;
const MAX_PRICE = 9_999_999_999.99;
const NUL = "It holds the character NUL (U+0000), which is not text.";

/** White space as the gateway has it around a query. */
// deno-lint-ignore no-control-regex
const AROUND = /^[\s\x1c-\x1f\x85]+|[\s\x1c-\x1f\x85]+$/g;

/** Text of 1 to `most` characters, without the white space around it. */
export function text(most: number) {
  return z.string().overwrite((value) => value.replace(AROUND, "")).superRefine((value, context) => {
    const length = characters(value);
    const issue = { origin: "string", inclusive: true, input: value } as const;
    if (!value.isWellFormed()) {
      const message = "It should be a valid string; this one holds half of a surrogate pair.";
      context.addIssue({ code: "custom", message, params: { code: "string_unicode" } });
    } else if (length < 1) context.addIssue({ ...issue, code: "too_small", minimum: 1 });
    else if (length > most) context.addIssue({ ...issue, code: "too_big", maximum: most });
    else if (value.includes("\0")) context.addIssue({ code: "custom", message: NUL });
  }).meta({ minLength: 1, maxLength: most });
}

/** How many characters a text has, as the gateway and PostgreSQL count them. */
export function characters(value: string): number {
  return [...value].length;
}

/** A list that names each of its items once. */
export function set<Item extends z.ZodType>(item: Item, { atLeast }: { atLeast: number }) {
  return z.array(item).min(atLeast).refine((items) => new Set(items).size === items.length, {
    message: "Each can be named once.",
    when: ({ issues }) => issues.length === 0,
  }).meta({ uniqueItems: true });
}

/** What to search. */
export const Kinds = set(z.enum(["documents", "products"]), { atLeast: 1 }).default(["documents", "products"])
  .describe("What to search.");

const price = z.number().min(0).max(MAX_PRICE);

// The values are JSON, as the body is.
const metadata = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  const written = JSON.stringify(value);
  if (written.length > MAX_METADATA) {
    const message = "It is longer than 4,000 characters of JSON, a bound that no setting moves.";
    context.addIssue({ code: "custom", message });
  } else if (/(?<!\\)(?:\\\\)*\\u0000/.test(written)) context.addIssue({ code: "custom", message: NUL });
  else if (/(?<!\\)(?:\\\\)*\\ud[89a-f]/.test(written)) {
    const message = "It holds NaN, an infinite number or half a surrogate pair, none of which is JSON.";
    context.addIssue({ code: "custom", message });
  } else {
    const wrong = whyNoFilter(value);
    if (wrong !== undefined) context.addIssue({ code: "custom", message: `${wrong}.` });
  }
});

const ids = z.array(z.guid()).min(1).max(100);
const moment = z.string().refine(isMoment, 'It must be a date such as "2026-03-31" or "2026-03-31T12:00:00Z".')
  .meta({ pattern: MOMENT.source });
const LANGUAGE = /^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*$/;
const languages = z.array(
  z.string().max(100, { abort: true })
    .refine((tag) => LANGUAGE.test(tag), "It should be a BCP 47 tag, such as de or pt-BR.").meta({
      pattern: LANGUAGE.source,
    }),
);

/** What a result must be like. */
export const Filters = z.strictObject({
  organization_ids: ids.nullish().describe("Documents filed in one of these organizations, at most 100."),
  document_ids: ids.nullish().describe("These documents, at most 100."),
  languages: languages.min(1).max(20).nullish()
    .describe("Documents and products in one of these languages, at most 20 BCP 47 tags: `pt` is also `pt-BR`."),
  created_after: moment.nullish()
    .describe("Made at this time or later: a date, or a time with or without its offset from UTC."),
  created_before: moment.nullish().describe("Made before this time."),
  updated_after: moment.nullish().describe("Last changed at this time or later."),
  updated_before: moment.nullish().describe("Last changed before this time."),
  category: z.string().min(1, { abort: true }).max(63).regex(/^[a-z0-9]+(-[a-z0-9]+)*$/).nullish()
    .describe("Products of the category with this slug."),
  price_min: price.nullish().describe("Products at this price or above."),
  price_max: price.nullish().describe("Products at this price or below."),
  in_stock: z.boolean().nullish().describe("Products that are (true) or are not (false) in stock."),
  metadata: metadata.nullish()
    .describe(
      "What the metadata of a document or product must contain, nested objects and lists included, and " +
        `operators below a name: ${KNOWN}.`,
    ),
}).superRefine(({ price_min, price_max }, context) => {
  if ((price_min ?? 0) > (price_max ?? MAX_PRICE)) {
    const message = "price_min is above price_max, so nothing could be found: swap them.";
    context.addIssue({ code: "custom", message });
  }
});

export type Filters = z.output<typeof Filters>;

/** Why nothing of these kinds could pass the filters; undefined where something could. */
export function whyNothingPasses(filters: Filters, kinds: z.output<typeof Kinds>): string | undefined {
  const ofProducts = (["category", "price_min", "price_max", "in_stock"] as const).filter((name) =>
    (filters[name] ?? null) !== null
  );
  if (ofProducts.length > 0 && !kinds.includes("products")) {
    return `Only products can pass ${ofProducts.join(", ")}: add 'products' to 'in', or drop the filter.`;
  }
  const ofDocuments = (["organization_ids", "document_ids"] as const).filter((name) =>
    (filters[name] ?? null) !== null
  );
  if (ofDocuments.length > 0 && !kinds.includes("documents")) {
    return `Only documents can pass ${ofDocuments.join(", ")}: add 'documents' to 'in', or drop the filter.`;
  }
  return undefined;
}
