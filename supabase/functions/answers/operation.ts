/** How `answers` is described to clients. */
import { z } from "zod";
import { Degradation } from "../_shared/degradation.ts";
import type { Operation } from "../_shared/openapi.ts";
import { Answer, Citation, Question } from "./schema.ts";

export const operation: Operation = {
  name: "answers",
  summary: "Answer a question with citations",
  description: "The gateway's answer as the same caller; with no gateway, quotations found by words in the database.",
  request: ["AnswersQuestion", Question],
  answer: ["AnswersAnswer", Answer],
  events: {
    search: Answer.pick({ question: true, passages: true, complete: true }),
    delta: z.object({ text: z.string() }),
    citation: Citation,
    degradation: Degradation,
    done: Answer.omit({ answer: true, citations: true, passages: true }),
    error: z.object({ detail: z.string() }),
  },
  refusals: [401, 403, 429, 503],
};
