/** How `recommend` is described to clients. */
import type { Operation } from "../_shared/openapi.ts";
import { Answer, Wish } from "./schema.ts";

export const operation: Operation = {
  name: "recommend",
  summary: "Recommend products",
  description: "The gateway's answer as the same caller; with no gateway, that of the database. Whatever is down: 200.",
  request: ["RecommendWish", Wish],
  isBodyOptional: true,
  answer: ["RecommendAnswer", Answer],
  refusals: [401, 403, 429],
};
