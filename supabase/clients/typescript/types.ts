/** The gateway's types by their names in the OpenAPI document, and what may be given to the client. */
import type { components } from "./gateway.generated.ts";

export type Schemas = components["schemas"];
export type AnswerEnd = Schemas["AnswerEnd"];
export type AnswerRequest = Schemas["AnswerRequest"];
export type AnswerResponse = Schemas["AnswerResponse"];
export type Citation = Schemas["Citation"];
export type Degradation = Schemas["Degradation"];
export type DeltaEvent = Schemas["DeltaEvent"];
export type DocumentState = Schemas["DocumentState"];
export type EmbeddingsResponse = Schemas["EmbeddingsResponse"];
export type Filters = Schemas["Filters"];
export type Message = Schemas["Message"];
export type ProblemField = Schemas["ProblemField"];
export type RecommendationsResponse = Schemas["RecommendationsResponse"];
export type SearchEvent = Schemas["SearchEvent"];
export type SearchRequest = Schemas["SearchRequest"];
export type SearchResponse = Schemas["SearchResponse"];
export type SearchResult = Schemas["SearchResult"];
export type StatusResponse = Schemas["StatusResponse"];

/** How to search; the gateway's defaults hold for the rest. */
export type SearchOptions = Omit<SearchRequest, "query">;
/** What to answer from. */
export type AnswerOptions = Omit<AnswerRequest, "question" | "messages" | "stream">;
/** Columns of a document. */
export type DocumentColumns = Omit<Schemas["NewDocument"], "files" | "metadata"> & {
  /** Any further properties, which search returns and filters. */
  metadata?: Record<string, unknown>;
};

export interface RecommendationOptions {
  /** Products that go with this one. */
  like?: string;
  /** Products of the category with this slug. */
  category?: string;
  limit?: number;
}

export interface CallOptions {
  /** Ends the call, which rejects with the signal's reason. */
  signal?: AbortSignal;
}
