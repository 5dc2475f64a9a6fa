/** Search while somebody types: each text ends the search for the one before. */
import type { Tidegate } from "./client.ts";
import { sleep } from "./retries.ts";
import type { SearchOptions, SearchResponse } from "./types.ts";

/** Who types fast makes no request for each letter. */
const PAUSE_MS = 100;

/** The searches of one text field. */
export class SearchAsYouType {
  readonly #client: Tidegate;
  readonly #pauseMs: number;
  readonly #options: SearchOptions;
  #latest: AbortController | undefined;

  /** Search with these options once nothing was typed for `pauseMs`; the last word is the beginning of one. */
  constructor(client: Tidegate, { pauseMs = PAUSE_MS, ...options }: SearchOptions & { pauseMs?: number } = {}) {
    this.#client = client;
    this.#pauseMs = pauseMs;
    this.#options = { prefix: true, ...options };
  }

  /** What was found; undefined for an empty field, and when another text came meanwhile: show nothing then. */
  async search(text: string): Promise<SearchResponse | undefined> {
    this.cancel();
    if (!text.trim()) return undefined;
    const { signal } = this.#latest = new AbortController();
    try {
      await sleep(this.#pauseMs, signal);
      return await this.#client.search(text, this.#options, { signal });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }

  /** End the search that is under way, as when the field is closed. */
  cancel(): void {
    this.#latest?.abort();
  }
}
