/** What a search finds, in the gateway's form; `search` and `answers` give it back. */
import { z } from "zod";

const OFFSETS = "In characters (Unicode code points) from 0; in JavaScript `[...text].slice(start, end)`.";

/** First character, and one past the last. */
const Place = z.tuple([z.int(), z.int()]);

export const Owner = z.object({
  kind: z.enum(["organization", "person"]),
  id: z.guid(),
  name: z.string().nullable().describe("Of the organization, or the person's display name, else e-mail address."),
  handle: z.string().nullable().describe(
    "The organization's slug or the person's e-mail address: nobody else has it, as others may a name.",
  ),
});

const Neighbour = z.object({
  chunk_id: z.int(),
  content: z.string(),
  heading_path: z.array(z.string()),
  page: z.int().nullable(),
  start: z.int().nullable(),
  end: z.int().nullable(),
});

/** A chunk, as it is cited. */
export const Chunk = z.object({
  chunk_id: z.int().describe("The row of `chunks`."),
  content: z.string().describe("Its text, unchanged."),
  context: z.string().describe("Lines above that it needs, such as a table's header."),
  heading_path: z.array(z.string()).describe("Headings above it, outermost first."),
  file_id: z.guid().nullable().describe("The file of the document that it is in; null for the document's text."),
  file_name: z.string().nullable(),
  page: z.int().nullable().describe("The page on which it begins, from 1, in a file that has pages."),
  start: z.int().nullable().describe(
    `Its first character in the text of the document, product or file; null while that has changed and the passage does ` +
      `not stand there any more. ${OFFSETS}`,
  ),
  end: z.int().nullable().describe("One past its last character there; null as `start`."),
  score: z.number().describe("More is better; comparable within one answer."),
});

const Passage = Chunk.extend({
  highlights: z.array(Place).describe(`Where the query's words are in \`content\`. ${OFFSETS}`),
  before: Neighbour.nullable().describe("The chunk before it, where neighbours are included."),
  after: Neighbour.nullable().describe("The chunk after it, where neighbours are included."),
});

/** A document or product. */
export const Found = z.object({
  kind: z.enum(["document", "product"]),
  id: z.guid(),
  document_id: z.guid().nullable().describe("The document; null for a product."),
  title: z.string(),
  owner: Owner.nullable().describe("Whose the document is; null for a product, which is the shop's."),
});

/** A document or product, with the chunks of it that fit best. */
export const Result = Found.extend({
  snippet: z.string().describe("A piece of the first passage, unchanged, around the query's words."),
  highlights: z.array(Place).describe(`Where the query's words are in \`snippet\`. ${OFFSETS}`),
  heading_path: z.array(z.string()).describe("Headings above the first passage, outermost first."),
  score: z.number().describe("More is better; comparable within one answer."),
  metadata: z.record(z.string(), z.unknown()).describe(
    "The document's own; for a product also sku, category, price, …",
  ),
  passages: z.array(Passage).describe("The chunk that ranked the result, then others of it, best first."),
  content: z.string().nullable().describe("The whole text, where content is included."),
  unread_by_model: z.string().nullable()
    .describe("The embedding model that does not know the script of the document."),
});

export type Result = z.output<typeof Result>;
