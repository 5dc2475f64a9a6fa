/** When to ask again: as the header Retry-After says, and no longer than the caller wants to wait. */

export interface Retries {
  /** Requests in all; 1 for no retry. */
  attempts: number;
  /** Milliseconds of waiting in all. A wait that would be longer is not begun: the error is thrown at once. */
  maxWaitMs: number;
}

export const RETRIES: Retries = { attempts: 3, maxWaitMs: 30_000 };

/** How long to wait after this attempt, the first is 1; undefined when its error is to be thrown. */
export function waitMs(
  retries: Retries,
  retryAfterMs: number | undefined,
  attempt: number,
  waitedMs: number,
): number | undefined {
  const isOver = attempt >= retries.attempts || waitedMs + (retryAfterMs ?? 0) > retries.maxWaitMs;
  return isOver ? undefined : retryAfterMs;
}

/** Milliseconds that Retry-After says, as a number or as a date (RFC 9110, section 10.2.3). */
export function retryAfterMs(value: string | null, now: number = Date.now()): number | undefined {
  if (value === null) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  const at = Date.parse(value);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** Wait; rejects with the signal's reason when it is aborted. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}
