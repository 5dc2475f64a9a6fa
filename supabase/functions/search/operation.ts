/** How `search` is described to clients. */
import type { Operation } from "../_shared/openapi.ts";
import { Answer, Question } from "./schema.ts";

export const operation: Operation = {
  name: "search",
  summary: "Search documents and products",
  description: "The gateway's answer as the same caller; with no gateway, that of the database, by words.",
  request: ["SearchQuestion", Question],
  answer: ["SearchAnswer", Answer],
  refusals: [401, 403, 429, 503],
};
