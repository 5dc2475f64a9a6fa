/** An answer and its events, each made of the other. */
import { DependencyError } from "../_shared/dependency.ts";
import { type GatewayEvents, read, type ServerEvent } from "../_shared/events.ts";
import type { Answer } from "./schema.ts";

/** The events of an answer that is there already. */
export function eventsOf({ answer, citations, passages, ...rest }: Answer): ServerEvent[] {
  return [
    { name: "search", data: { question: rest.question, passages, complete: rest.complete } },
    ...rest.degradations.map((data) => ({ name: "degradation", data })),
    { name: "delta", data: { text: answer } },
    ...citations.map((data) => ({ name: "citation", data })),
    { name: "done", data: rest },
  ];
}

/** The answer that the gateway's events make; throws a DependencyError where they end in an error. */
export async function collected(events: GatewayEvents): Promise<Record<string, unknown>> {
  let answer = "", passages: unknown;
  const citations: unknown[] = [];
  try {
    for (let text = await events.next(); text !== undefined; text = await events.next()) {
      const event = read(text);
      const data = event?.data as Record<string, unknown>;
      if (event?.name === "search") passages = data.passages;
      else if (event?.name === "delta") answer += data.text;
      else if (event?.name === "citation") citations.push(data);
      else if (event?.name === "error") throw new DependencyError(`It broke off: ${data.detail}`);
      else if (event?.name === "done") return { answer, citations, passages, ...data };
    }
  } finally {
    events.stop();
  }
  throw new DependencyError("It ended without an answer.");
}
