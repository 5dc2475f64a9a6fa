/**
 * Search for clients that reach the project only through Supabase. The question goes to the gateway's `POST /v1/search` as
 * the same caller, whose answer comes back as it is, refusals included. With no gateway to answer, the function `search` of
 * the database is asked through the Data API, by words, and the answer says so.
 */
import type { DataApi } from "../_shared/data_api.ts";
import { type Degradation, tookMs } from "../_shared/degradation.ts";
import { DependencyError } from "../_shared/dependency.ts";
import { endpoint, type Exchange, type Handler, readJson } from "../_shared/endpoint.ts";
import { askGateway } from "../_shared/gateway.ts";
import { unavailable } from "../_shared/problems.ts";
import { dependencies, type Surroundings } from "../_shared/surroundings.ts";
import { checked } from "../_shared/validation.ts";
import { byWords, Question } from "./schema.ts";

/** Makes the request handler. */
export function createHandler(surroundings: Surroundings): Handler {
  const { gateway, dataApi } = dependencies(surroundings);
  return endpoint("POST", async (exchange) => {
    const { bytes, value } = await readJson(exchange.request);
    const question = checked(Question, value);
    try {
      // The bytes as they came: a number that JavaScript cannot hold is still the client's.
      return await askGateway(gateway, `${surroundings.gatewayUrl}/v1/search`, exchange, { body: bytes });
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      return await searchByWords(dataApi, question, exchange, error.message);
    }
  });
}

async function searchByWords(
  dataApi: DataApi,
  question: Question,
  exchange: Exchange,
  reason: string,
): Promise<Response> {
  const { text } = await dataApi.call("search", byWords(question), exchange).catch((error) => {
    if (!(error instanceof DependencyError)) throw error;
    throw unavailable(`The gateway: ${reason} The Data API: ${error.message} Try again shortly.`);
  });
  const used = question.mode === "keyword" ? "the Data API" : "keyword search through the Data API";
  const degradations: Degradation[] = [{ dependency: "gateway", reason, used }];
  const about = {
    mode: "keyword",
    degraded: true,
    degradations,
    age_seconds: null,
    took_ms: tookMs(exchange.startedAt),
    explanation: null,
  };
  // What was found follows as it came: the client may have stored numbers that JavaScript cannot hold.
  const body = `${JSON.stringify(about).slice(0, -1)},${text.slice(1)}`;
  return new Response(body, { headers: { "content-type": "application/json", "cache-control": "no-store" } });
}
