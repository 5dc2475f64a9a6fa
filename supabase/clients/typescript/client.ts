/** The client: each method is one route of the gateway, or a loop over one. */
import { DocumentFailed, DocumentNotReady, problemOf } from "./errors.ts";
import { type AnswerEvent, EventReader } from "./events.ts";
import { RETRIES, type Retries, retryAfterMs, sleep, waitMs } from "./retries.ts";
import type {
  AnswerOptions,
  AnswerResponse,
  CallOptions,
  DocumentColumns,
  DocumentState,
  EmbeddingsResponse,
  Message,
  RecommendationOptions,
  RecommendationsResponse,
  SearchOptions,
  SearchResponse,
  StatusResponse,
} from "./types.ts";

const [TOO_MANY, UNAVAILABLE] = [429, 503];
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS, WAIT_MS] = [100, 2_000, 300_000];

export interface TidegateOptions {
  /** The access token, asked for before each request; null or undefined for a visitor. */
  token?: () => string | null | undefined | Promise<string | null | undefined>;
  /** When 429 and 503 are asked again; three attempts and 30 s of waiting by default. */
  retries?: Retries;
  fetch?: typeof fetch;
  /** How to wait. */
  sleep?: typeof sleep;
}

interface Asked {
  method: "GET" | "POST";
  path: string;
  body?: FormData | Record<string, unknown>;
  /** Statuses after which it may be asked again: what only reads, after both. */
  retried?: readonly number[];
}

export class Tidegate {
  readonly #url: string;
  readonly #options: Required<TidegateOptions>;

  constructor(url: string, options: TidegateOptions = {}) {
    this.#url = url.replace(/\/+$/, "");
    this.#options = { token: () => null, retries: RETRIES, fetch: (...call) => fetch(...call), sleep, ...options };
  }

  /** What the caller may read, best first. */
  search(query: string, options: SearchOptions = {}, call: CallOptions = {}): Promise<SearchResponse> {
    return this.#json({ method: "POST", path: "/v1/search", body: { query, ...options } }, call);
  }

  /** An answer with citations, to a question or to a conversation that ends with one. */
  answer(
    question: string | Message[],
    options: AnswerOptions = {},
    call: CallOptions = {},
  ): Promise<AnswerResponse> {
    return this.#json(answering(question, options, false), call);
  }

  /** The same piece by piece; throws AnswerBrokenOff where it ends too early. To leave the loop ends the call. */
  async *streamAnswer(
    question: string | Message[],
    options: AnswerOptions = {},
    call: CallOptions = {},
  ): AsyncGenerator<AnswerEvent> {
    const response = await this.#send(answering(question, options, true), call);
    const reader = new EventReader();
    const stream = response.body?.getReader();
    try {
      for (let piece = await stream?.read(); piece?.value; piece = await stream?.read()) {
        yield* reader.feed(piece.value);
      }
    } finally {
      await stream?.cancel();
    }
    reader.end();
  }

  /** Vectors of texts, by the model that search uses; for people who are signed in. */
  embed(input: string | string[], call: CallOptions = {}): Promise<EmbeddingsResponse> {
    return this.#json({ method: "POST", path: "/v1/embeddings", body: { input } }, call);
  }

  /** Products for the caller, like a product, or of a category. */
  recommend(options: RecommendationOptions = {}, call: CallOptions = {}): Promise<RecommendationsResponse> {
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    const query = new URLSearchParams(given.map(([name, value]) => [name, String(value)]));
    return this.#json({ method: "GET", path: `/v1/recommendations?${query}` }, call);
  }

  /**
   * Add a document with its files, which are read and embedded afterwards. After 503 it may be there already, so it is
   * asked again after 429 alone.
   */
  addDocument(files: File[], columns: DocumentColumns = {}, call: CallOptions = {}): Promise<DocumentState> {
    const body = new FormData();
    for (const file of files) body.append("files", file);
    for (const [name, value] of Object.entries(columns)) {
      if (value !== undefined && value !== null) {
        body.append(name, name === "metadata" ? JSON.stringify(value) : String(value));
      }
    }
    return this.#json({ method: "POST", path: "/v1/documents", body, retried: [TOO_MANY] }, call);
  }

  /** How far a document and its files are. */
  getDocument(id: string, call: CallOptions = {}): Promise<DocumentState> {
    return this.#json({ method: "GET", path: `/v1/documents/${encodeURIComponent(id)}` }, call);
  }

  /** Resolves once search finds all of the document; rejects with DocumentFailed, or DocumentNotReady in the end. */
  async waitForDocument(id: string, call: CallOptions & { timeoutMs?: number } = {}): Promise<DocumentState> {
    const deadline = performance.now() + (call.timeoutMs ?? WAIT_MS);
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
      const state = await this.getDocument(id, call);
      if (state.status === "failed") throw new DocumentFailed(state);
      if (state.status === "ready") return state;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw new DocumentNotReady("The document is not searchable yet; it goes on without you.");
      await this.#options.sleep(Math.min(pauseMs, leftMs), call.signal);
    }
  }

  /** What does not work as usual, and the caller's documents that failed. */
  getStatus(call: CallOptions = {}): Promise<StatusResponse> {
    return this.#json({ method: "GET", path: "/v1/status" }, call);
  }

  async #json<Answer>(asked: Asked, call: CallOptions): Promise<Answer> {
    const response = await this.#send(asked, call);
    return await response.json() as Answer;
  }

  /** The answer, after as many attempts as are wanted; throws GatewayProblem. */
  async #send(asked: Asked, { signal }: CallOptions): Promise<Response> {
    for (let attempt = 1, waitedMs = 0;; attempt++) {
      const response = await this.#options.fetch(`${this.#url}${asked.path}`, await this.#request(asked, signal));
      if (response.ok) return response;
      const askedMs = retryAfterMs(response.headers.get("Retry-After"));
      const isRetried = (asked.retried ?? [TOO_MANY, UNAVAILABLE]).includes(response.status);
      const wait = isRetried ? waitMs(this.#options.retries, askedMs, attempt, waitedMs) : undefined;
      if (wait === undefined) throw await problemOf(response, askedMs);
      await response.body?.cancel();
      await this.#options.sleep(wait, signal);
      waitedMs += wait;
    }
  }

  async #request({ method, body }: Asked, signal?: AbortSignal): Promise<RequestInit> {
    const token = await this.#options.token();
    const isForm = body instanceof FormData;
    const headers = new Headers(token ? { Authorization: `Bearer ${token}` } : {});
    if (body && !isForm) headers.set("Content-Type", "application/json");
    return { method, headers, body: isForm ? body : body && JSON.stringify(body), signal };
  }
}

function answering(question: string | Message[], options: AnswerOptions, stream: boolean): Asked {
  const asked = typeof question === "string" ? { question } : { messages: question };
  return { method: "POST", path: "/v1/answers", body: { ...asked, ...options, stream } };
}
