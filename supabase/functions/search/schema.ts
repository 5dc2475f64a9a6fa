/** What `search` takes, and what it answers: the same as the gateway's POST /v1/search. */
import { z } from "zod";
import { OfEveryAnswer } from "../_shared/degradation.ts";
import { Filters, Kinds, MAX_QUERY, set, text, whyNothingPasses } from "../_shared/questions.ts";
import { Result } from "../_shared/results.ts";

/** The body of a search. */
export const Question = z.strictObject({
  query: text(MAX_QUERY)
    .describe("What is looked for, in words: 1 to 4,000 characters, white space around it not counted."),
  mode: z.enum(["semantic", "keyword", "hybrid"]).default("hybrid")
    .describe("By meaning, by words, or both weighed together."),
  in: Kinds,
  limit: z.int("int").min(1).max(100).default(10).describe("Most results to return."),
  filters: Filters.default({}).describe("What a result must be like. Every result passes every filter."),
  effort: z.enum(["bounded", "exact"]).default("bounded")
    .describe("`exact` compares everything that the caller may read; it is for people who are signed in."),
  passages_per_result: z.int("int").min(1).max(10).default(1).describe(
    "Most passages of each result: its best chunks.",
  ),
  include: set(z.enum(["content", "neighbours"]), { atLeast: 0 }).default([])
    .describe("`content`: the whole text of each result. `neighbours`: the chunks before and after each passage."),
  syntax: z.enum(["operators", "plain"]).default("operators")
    .describe("`operators`: phrases, exclusions and prefixes count. `plain`: all of it is words."),
  prefix: z.boolean().default(false).describe("Whether the last word is the beginning of one."),
  explain: z.boolean().default(false).describe("Whether the gateway says why it was found."),
  explain_ids: z.array(z.guid()).max(20).default([]).refine((ids) => new Set(ids).size === ids.length, {
    message: "Each can be named once.",
    when: ({ issues }) => issues.length === 0,
  }).meta({ uniqueItems: true }).describe("Documents and products of which the gateway says why each is where it is."),
}).superRefine(({ filters, in: kinds }, context) => {
  const message = whyNothingPasses(filters, kinds);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

export type Question = z.output<typeof Question>;

/** The same question for the SQL function `search`, by words. */
export function byWords({ query, in: kinds, limit, filters, effort, ...rest }: Question): Record<string, unknown> {
  return {
    query,
    mode: "keyword",
    kinds,
    max_results: limit,
    filters,
    effort,
    passages_per_result: rest.passages_per_result,
    include: rest.include,
    syntax: rest.syntax,
    prefix: rest.prefix,
  };
}

/** What was found. */
export const Answer = OfEveryAnswer.extend({
  results: z.array(Result).describe("Best first, each document or product once."),
  mode: z.enum(["semantic", "keyword", "hybrid"]).describe("How it was searched."),
  syntax: z.enum(["operators", "plain"]).describe("How the query was read."),
  corrections: z.array(z.object({
    typed: z.string().describe("The word of the query, in lower case and without accents."),
    read_as: z.string().describe("One that differs in a letter, and that texts have."),
  })).describe("Words of the query that no text has and that were taken for others."),
  complete: z.boolean().describe("Whether the list holds as many as asked for, or all that match."),
  more: z.boolean().describe("Whether there are further results, or may be: ask with a higher limit."),
  explanation: z.record(z.string(), z.unknown()).nullable().describe(
    "With `explain`: the gateway's reasons, else null.",
  ),
});
