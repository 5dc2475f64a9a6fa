/**
 * Something outside that a function asks, with a deadline and a circuit breaker (opossum). A breaker knows what its own
 * isolate has seen: a function that is started anew, or in another region, finds out by itself.
 */
import CircuitBreaker from "opossum";

/** How one dependency is used. */
export interface Policy {
  /** As `degradations` call it. */
  name: string;
  /** Longest wait for a whole answer, in milliseconds. */
  timeoutMs: number;
  /** The breaker opens after so many calls, in 30 s, of which at least half failed. */
  minimumCalls: number;
  /** How long an open breaker lets nothing through. Then one call tries; the others still do without. */
  resetMs: number;
}

/** A dependency that did not answer, and why: a sentence for the caller. */
export class DependencyError extends Error {}

/** Asks one dependency. */
export class Dependency {
  readonly name: string;
  readonly #timeoutMs: number;
  readonly #breaker: CircuitBreaker<[Ask<unknown>], unknown>;

  constructor({ name, timeoutMs, minimumCalls, resetMs }: Policy) {
    this.name = name;
    this.#timeoutMs = timeoutMs;
    this.#breaker = new CircuitBreaker((ask: Ask<unknown>) => ask(AbortSignal.timeout(timeoutMs)), {
      name,
      timeout: false, // the signal ends the request itself, which opossum's own limit would leave running
      errorThresholdPercentage: 50,
      volumeThreshold: minimumCalls,
      resetTimeout: resetMs,
      rollingCountTimeout: 30_000,
      enableSnapshots: false,
      errorFilter: (error: unknown) => this.#reason(error) === undefined,
    });
  }

  /**
   * What `ask` answers, which has to obey the signal that it is given. Throws a DependencyError when it takes too long,
   * when the network fails, when `ask` throws one, and at once while the breaker is open; other errors as they are.
   */
  async call<Answer>(ask: Ask<Answer>): Promise<Answer> {
    try {
      return await this.#breaker.fire(ask) as Answer;
    } catch (error) {
      const reason = this.#reason(error);
      throw reason === undefined ? error : new DependencyError(reason, { cause: error });
    }
  }

  /** Stops its clocks; for tests. */
  close(): void {
    this.#breaker.shutdown();
  }

  #reason(error: unknown): string | undefined {
    if (error instanceof DependencyError) return error.message;
    if (error instanceof DOMException && error.name === "TimeoutError") {
      return `It did not answer within ${this.#timeoutMs / 1000} s.`;
    }
    if (error instanceof TypeError) return "It cannot be reached."; // what `fetch` throws: refused, reset, unknown host
    const isOpen = error instanceof Error && "code" in error && error.code === "EOPENBREAKER";
    return isOpen ? "It failed several times lately and is not asked at the moment." : undefined;
  }
}

type Ask<Answer> = (signal: AbortSignal) => Promise<Answer>;
