/** A client of a Tidegate gateway. Its types are those of the gateway's OpenAPI document. */
export { Tidegate, type TidegateOptions } from "./client.ts";
export { AnswerBrokenOff, DocumentFailed, DocumentNotReady, GatewayProblem } from "./errors.ts";
export type { AnswerEvent } from "./events.ts";
export type { Retries } from "./retries.ts";
export { SearchAsYouType } from "./search_as_you_type.ts";
export type * from "./types.ts";
