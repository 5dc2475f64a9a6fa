/**
 * Recommendations for clients that reach the project only through Supabase. The gateway's `GET /v1/recommendations` is asked
 * as the same caller. With no answer from it, the function `recommend` of the database is, which falls back to popular
 * products by itself. With no answer there either the list is empty: whatever is down, a page is not.
 */
import type { DataApi } from "../_shared/data_api.ts";
import { type Degradation, tookMs } from "../_shared/degradation.ts";
import { DependencyError } from "../_shared/dependency.ts";
import { endpoint, type Exchange, type Handler, readJson } from "../_shared/endpoint.ts";
import { askGateway } from "../_shared/gateway.ts";
import { dependencies, type Surroundings } from "../_shared/surroundings.ts";
import { checked } from "../_shared/validation.ts";
import { argumentsOf, parameters, Recommended, Wish } from "./schema.ts";

const NOTHING = { recommendations: [], source: null };

/** Makes the request handler. */
export function createHandler(surroundings: Surroundings): Handler {
  const { gateway, dataApi } = dependencies(surroundings);
  return endpoint("POST", async (exchange) => {
    const wish = checked(Wish, await bodyOf(exchange.request));
    const url = `${surroundings.gatewayUrl}/v1/recommendations?${parameters(wish)}`;
    try {
      return await askGateway(gateway, url, exchange, { doesWithout: true });
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      return await withoutGateway(dataApi, wish, exchange, error.message);
    }
  });
}

/** What the client wishes for; a request without a body wishes for nothing in particular. */
async function bodyOf(request: Request): Promise<unknown> {
  return request.body === null ? {} : (await readJson(request)).value;
}

async function withoutGateway(dataApi: DataApi, wish: Wish, exchange: Exchange, reason: string): Promise<Response> {
  const degradations: Degradation[] = [{ dependency: "gateway", reason, used: "the Data API" }];
  const answer = await asked(dataApi, wish, exchange).catch((error) => {
    if (!(error instanceof DependencyError)) throw error;
    degradations[0].used = "an empty list";
    degradations.push({ dependency: dataApi.dependency.name, reason: error.message, used: "an empty list" });
    return NOTHING;
  });
  const took_ms = tookMs(exchange.startedAt);
  return Response.json({ ...answer, degraded: true, degradations, age_seconds: null, took_ms }, {
    headers: { "cache-control": "no-store" },
  });
}

async function asked(dataApi: DataApi, wish: Wish, exchange: Exchange): Promise<Record<string, unknown>> {
  const { value } = await dataApi.call("recommend", argumentsOf(wish), exchange);
  const answer = Recommended.safeParse(value);
  if (!answer.success) throw new DependencyError("It answered something else than recommendations.");
  return answer.data;
}
