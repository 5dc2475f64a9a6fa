/** What `answers` takes, and what it answers: the same as the gateway's POST /v1/answers. */
import { z } from "zod";
import { OfEveryAnswer } from "../_shared/degradation.ts";
import { characters, Filters, Kinds, MAX_QUERY, text, whyNothingPasses } from "../_shared/questions.ts";
import { Chunk, Found } from "../_shared/results.ts";

const MAX_MESSAGES = 20;
const MAX_SAID = 12_000;
const MAX_CONVERSATION = 16_000;
const PASSAGES_PER_RESULT = 3;
/** Of the question before: more would outweigh the last one. */
const MAX_WORDS = 16, LONGEST_WORD = 40;

const Message = z.strictObject({
  role: z.enum(["user", "assistant"]).describe("Who said it."),
  content: text(MAX_SAID),
});

/** The body: a question, or a conversation that ends with one. */
export const Question = z.strictObject({
  question: text(MAX_QUERY).nullish().describe("The question; or `messages`."),
  messages: z.array(Message).min(1).max(MAX_MESSAGES).nullish()
    .describe("A conversation that ends with the question, at most 20 messages and 16,000 characters."),
  in: Kinds,
  organization_id: z.guid().nullish()
    .describe("Documents of this organization; short for `filters.organization_ids`."),
  filters: Filters.default({}).describe("As those of a search."),
  limit: z.int("int").min(1).max(10).default(5).describe("Most passages to answer from."),
  stream: z.boolean().default(false)
    .describe("Whether the answer comes as server-sent events, piece by piece."),
}).superRefine((value, context) => {
  const message = whyUnanswerable(value);
  if (message !== undefined) context.addIssue({ code: "custom", message });
});

export type Question = z.output<typeof Question>;

function whyUnanswerable({ question, messages, in: kinds, organization_id, filters }: Question): string | undefined {
  if ((question ?? null) === null === ((messages ?? null) === null)) return "Send either 'question' or 'messages'.";
  if (messages) {
    const last = messages[messages.length - 1];
    if (last.role !== "user") return "The last of 'messages' must be the question: one with the role 'user'.";
    if (characters(last.content) > MAX_QUERY) {
      return "The last of 'messages', the question, has more than 4,000 characters.";
    }
    if (messages.reduce((sum, { content }) => sum + characters(content), 0) > MAX_CONVERSATION) {
      return "The messages have more than 16,000 characters: leave out the oldest.";
    }
  }
  if (organization_id && filters.organization_ids) {
    return "Send 'organization_id' or 'filters.organization_ids', not both.";
  }
  const organization_ids = organization_id ? [organization_id] : filters.organization_ids;
  return whyNothingPasses({ ...filters, organization_ids }, kinds);
}

/**
 * What to search for without a model: the question, with words of the one before in a conversation, which it may lean on;
 * and whether it has some of these.
 */
export function searchedFor({ question, messages }: Question): { query: string; leansOnEarlier: boolean } {
  const said = (messages ?? []).filter(({ role }) => role === "user").map(({ content }) => content);
  const asked = question ?? said[said.length - 1];
  if (said.length < 2) return { query: asked, leansOnEarlier: false };
  const known = new Set(words(asked).map((word) => word.toLowerCase()));
  const earlier = words(said[said.length - 2])
    .filter((word) => !known.has(word.toLowerCase()) && characters(word) <= LONGEST_WORD);
  const query = [asked, ...earlier.slice(0, MAX_WORDS)].join(" ");
  return { query: [...query].slice(0, MAX_QUERY).join("").trim(), leansOnEarlier: true };
}

function words(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

/** The search for passages that answer `query`, as arguments of the SQL function `search`, by words. */
export function byWords(query: string, question: Question): Record<string, unknown> {
  const { filters, organization_id } = question;
  return {
    query,
    mode: "keyword",
    kinds: question.in,
    max_results: question.limit,
    filters: organization_id ? { ...filters, organization_ids: [organization_id] } : filters,
    effort: "bounded",
    passages_per_result: PASSAGES_PER_RESULT,
    include: [],
    syntax: "plain",
  };
}

/** A passage that the answer was made from. */
export const UsedPassage = Found.extend(Chunk.shape);

export type UsedPassage = z.output<typeof UsedPassage>;

const OFFSETS = "In characters (Unicode code points) from 0.";

/** Where a part of the answer stands. */
export const Citation = Found.omit({ owner: true }).extend({
  start: z.int().describe(`First character of the part of \`answer\` that it supports. ${OFFSETS}`),
  end: z.int().describe("One past the last."),
  ...Chunk.pick({ file_id: true, file_name: true, page: true, heading_path: true, chunk_id: true }).shape,
  passage_start: z.int().describe("First character of the quotation in the passage's `content`."),
  passage_end: z.int().describe("One past the last."),
  quote: z.string().describe("The quotation, as it stands in the passage but for white space."),
});

export type Citation = z.output<typeof Citation>;

const Usage = z.object({
  prompt_tokens: z.int(),
  completion_tokens: z.int(),
  total_tokens: z.int(),
  sentences: z.int().describe("Sentences that were compared with the question."),
  citations_dropped: z.int().describe("Citations of the model that were left out."),
});

/** An answer. */
export const Answer = OfEveryAnswer.extend({
  answer: z.string().describe("The answer, or that nothing was found."),
  citations: z.array(Citation).describe("In the order of the answer."),
  passages: z.array(UsedPassage).describe("What the answer was made from, best first."),
  kind: z.enum(["generated", "quoted"]).describe("`generated` by a model, or `quoted`: sentences of passages."),
  question: z.string().describe("What was searched for."),
  grounded: z.boolean().describe("Whether the answer has a citation; false where nothing was found."),
  complete: z.boolean().describe("Whether the search was complete, and the model came to an end."),
  usage: Usage,
});

export type Answer = z.output<typeof Answer>;
