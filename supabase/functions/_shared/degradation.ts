/** What an answer says of what it did without, in the gateway's form. */
import { z } from "zod";

export const Degradation = z.object({ dependency: z.string(), reason: z.string(), used: z.string() });

export type Degradation = z.output<typeof Degradation>;

/** What every answer says of itself. */
export const OfEveryAnswer = z.object({
  degraded: z.boolean().describe("Whether something was down and the answer is less good for it."),
  degradations: z.array(Degradation).describe("What was down, and what was done instead."),
  age_seconds: z.number().nullable().describe("How old the answer is, when it is stale; null for an answer of now."),
  took_ms: z.number().describe("Milliseconds in the gateway, or without it in the function."),
});

/** Milliseconds since `startedAt`, to hundredths, as the gateway writes them. */
export function tookMs(startedAt: number): number {
  return Math.round((performance.now() - startedAt) * 100) / 100;
}
