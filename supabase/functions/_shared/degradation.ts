/** What an answer says of what it did without, in the gateway's form. */
export interface Degradation {
  dependency: string;
  reason: string;
  used: string;
}

/** Milliseconds since `startedAt`, to hundredths, as the gateway writes them. */
export function tookMs(startedAt: number): number {
  return Math.round((performance.now() - startedAt) * 100) / 100;
}
