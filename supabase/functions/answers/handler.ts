/**
 * Answers for clients that reach the project only through Supabase. The gateway is asked for events as the same caller; they
 * are streamed through, or collected for a client that wants one answer. With no gateway, passages are searched for through
 * the Data API, by words, and their sentences are quoted without a model.
 */
import type { DataApi } from "../_shared/data_api.ts";
import { type Degradation, tookMs } from "../_shared/degradation.ts";
import { DependencyError } from "../_shared/dependency.ts";
import { endpoint, type Exchange, type Handler, readJson } from "../_shared/endpoint.ts";
import { askForEvents, EVENTS, written } from "../_shared/events.ts";
import { withField } from "../_shared/exact_json.ts";
import { unavailable } from "../_shared/problems.ts";
import { dependencies, type Surroundings } from "../_shared/surroundings.ts";
import { checked } from "../_shared/validation.ts";
import { collected, eventsOf } from "./events.ts";
import { FoundByWords, quotations } from "./quotations.ts";
import { type Answer, byWords, Question, searchedFor } from "./schema.ts";

/** A model may take this long to make a question of a conversation, before the search. */
export const REWRITING_MS = 1_000;

const QUOTATIONS = "quotations, found by words through the Data API";

/** Makes the request handler. */
export function createHandler(surroundings: Surroundings): Handler {
  const gatewayTimeoutMs = surroundings.gatewayTimeoutMs + REWRITING_MS;
  const { gateway, dataApi } = dependencies({ ...surroundings, gatewayTimeoutMs });
  const url = `${surroundings.gatewayUrl}/v1/answers`;
  const { stallMs } = surroundings;
  return endpoint("POST", async (exchange) => {
    const { bytes, value } = await readJson(exchange.request);
    const question = checked(Question, value);
    // Events in any case: the first one tells soon whether there is a gateway, however long its model writes.
    const body = withField(new TextDecoder().decode(bytes), "stream", true);
    try {
      const events = await askForEvents(gateway, url, exchange, { body, stallMs });
      if (events instanceof Response) return events;
      if (question.stream) return streamed(events.stream(broken), events.headers);
      return whole(await collected(events), events.headers);
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      const answer = await quoted(dataApi, question, exchange, error.message);
      return question.stream ? streamed(eventsOf(answer).map(written).join("")) : whole(answer);
    }
  });
}

function streamed(body: BodyInit, headers: Readonly<Record<string, string>> = {}): Response {
  const ofEvents = { "content-type": EVENTS, "cache-control": "no-store", "x-accel-buffering": "no" };
  return new Response(body, { headers: { ...headers, ...ofEvents } });
}

function broken(error: DependencyError): string {
  return written({ name: "error", data: { detail: `The gateway: ${error.message} Ask again.` } });
}

function whole(answer: object, headers: Readonly<Record<string, string>> = {}): Response {
  return Response.json(answer, {
    headers: { ...headers, "content-type": "application/json", "cache-control": "no-store" },
  });
}

async function quoted(dataApi: DataApi, question: Question, exchange: Exchange, reason: string): Promise<Answer> {
  const { query, leansOnEarlier } = searchedFor(question);
  const { value } = await dataApi.call("search", byWords(query, question), exchange).catch((error) => {
    if (!(error instanceof DependencyError)) throw error;
    throw unavailable(`The gateway: ${reason} The Data API: ${error.message} Try again shortly.`);
  });
  const found = FoundByWords.safeParse(value);
  if (!found.success) throw unavailable(`The gateway: ${reason} The Data API: It answered something else. Try again.`);
  const used = `${QUOTATIONS}${leansOnEarlier ? " and by the words of the question before" : ""}`;
  const degradations: Degradation[] = [{ dependency: "gateway", reason, used }];
  const answer = quotations(query, found.data, { limit: question.limit, degradations });
  return { ...answer, took_ms: tookMs(exchange.startedAt) };
}
