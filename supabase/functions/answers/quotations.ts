/** An answer of quotations: the sentences of passages that fit a question best, by their words, as the gateway ranks them. */
import { z } from "zod";
import type { Degradation } from "../_shared/degradation.ts";
import { characters } from "../_shared/questions.ts";
import { Result } from "../_shared/results.ts";
import type { Answer, Citation, UsedPassage } from "./schema.ts";
import { type Sentence, sentences } from "./sentences.ts";
import { scores } from "./words.ts";

const NOTHING_FOUND = "Nothing that answers this was found.";
const QUOTED_PASSAGES = 5, MAX_SENTENCES = 64, MAX_QUOTES = 3;
const MAX_TITLE = 120;
const PASSAGE_WEIGHT = 0.4;
/** Below this share of the reachable BM25 a sentence does not answer; the second where a model does not read the text. */
const RELEVANT = 0.1, RELEVANT_UNREAD = 0.05;
const BETWEEN = "\n\n";

/** What a search through the Data API answers, as far as it is used here. */
export const FoundByWords = z.object({ results: z.array(Result), complete: z.boolean() });

type FoundByWords = z.output<typeof FoundByWords>;

interface Candidate {
  readonly passage: UsedPassage;
  readonly sentence: Sentence;
  /** What is compared with the question: the sentence, with what stands above it. */
  readonly compared: string;
  readonly least: number;
}

/** The answer to `question` from what was found; who asks says what was degraded, and how long it took. */
export function quotations(
  question: string,
  { results, complete }: FoundByWords,
  { limit, degradations }: { limit: number; degradations: Degradation[] },
): Omit<Answer, "took_ms"> {
  const best = results.flatMap((result) => result.passages.map((passage) => ({ result, passage })))
    .toSorted((one, other) => other.passage.score - one.passage.score).slice(0, limit);
  const candidates = best.slice(0, QUOTED_PASSAGES).flatMap(({ result, passage }) => candidatesOf(result, passage))
    .slice(0, MAX_SENTENCES);
  const quoted = eachOnce(ranked(question, candidates)).slice(0, MAX_QUOTES);
  const { answer, citations } = saidBy(quoted);
  return {
    answer,
    citations,
    passages: quoted.length === 0 ? [] : best.map(({ result, passage }) => used(result, passage)),
    kind: "quoted",
    question,
    grounded: quoted.length > 0,
    complete,
    degraded: degradations.length > 0,
    degradations,
    age_seconds: null,
    usage: {
      ...{ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
      ...{ sentences: candidates.length, citations_dropped: 0 },
    },
  };
}

function candidatesOf(result: Result, passage: Result["passages"][number]): Candidate[] {
  const above = [result.metadata.sku, result.title.slice(0, MAX_TITLE), ...passage.heading_path, passage.context];
  const least = result.unread_by_model ? RELEVANT_UNREAD : RELEVANT;
  return sentences(passage.content).map((sentence) => ({
    passage: used(result, passage),
    sentence,
    compared: [...above, sentence.text].filter((part) => typeof part === "string" && part !== "").join("\n"),
    least,
  }));
}

function used(result: Result, passage: Result["passages"][number]): UsedPassage {
  const { kind, id, document_id, title, owner } = result;
  const { highlights: _highlights, before: _before, after: _after, ...chunk } = passage;
  return { kind, id, document_id, title, owner, ...chunk };
}

/** Those that are relevant, best first. */
function ranked(question: string, candidates: readonly Candidate[]): Candidate[] {
  const { found, reachable } = scores(question, candidates.map(({ compared }) => compared));
  const most = Math.max(...found) || 1;
  const bestPassage = Math.max(...candidates.map(({ passage }) => passage.score)) || 1;
  return candidates.map((candidate, index) => ({
    candidate,
    isRelevant: found[index] / (reachable || 1) >= candidate.least,
    rank: found[index] / most + PASSAGE_WEIGHT * candidate.passage.score / bestPassage,
  })).filter(({ isRelevant }) => isRelevant).toSorted((one, other) => other.rank - one.rank)
    .map(({ candidate }) => candidate);
}

/** Copies of a document say the same. */
function eachOnce(candidates: readonly Candidate[]): Candidate[] {
  const texts = new Set<string>();
  return candidates.filter(({ sentence }) => {
    const text = onOneLine(sentence.text).toLowerCase();
    return !texts.has(text) && texts.add(text);
  });
}

function saidBy(quoted: readonly Candidate[]): { answer: string; citations: Citation[] } {
  let answer = "";
  const citations = quoted.map(({ passage, sentence }) => {
    const quote = onOneLine(sentence.text);
    if (answer !== "") answer += BETWEEN;
    const start = characters(answer);
    answer += quote;
    const { kind, id, document_id, title, file_id, file_name, page, heading_path, chunk_id } = passage;
    const place = { start, end: start + characters(quote) };
    const source = { kind, id, document_id, title, file_id, file_name, page, heading_path, chunk_id };
    return { ...place, ...source, passage_start: sentence.start, passage_end: sentence.end, quote };
  });
  return { answer: answer || NOTHING_FOUND, citations };
}

function onOneLine(text: string): string {
  return text.split(/\s+/).join(" ");
}
