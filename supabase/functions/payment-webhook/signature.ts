/**
 * Signatures of events, in the scheme that Stripe published (docs.stripe.com/webhooks, "Verify manually"): the header has
 * `t=<seconds>` and one `v1=<hex>` or more, each the HMAC-SHA-256 of `<seconds>.<body>` under a secret.
 */
import { Problem } from "../_shared/problems.ts";

export const HEADER = "payment-signature";

/** More would only be work for whoever sends them. */
const MAX_SIGNATURES = 10;

/** What a signature is checked against. */
export interface Verification {
  /** One, or two while the old one is being replaced. */
  readonly secrets: readonly string[];
  /** How far the signature's time may be from ours. */
  readonly toleranceS: number;
}

/** Throws a Problem unless one of the secrets signed these very bytes, within the tolerance of `nowS`. */
export async function requireSignature(
  header: string | null,
  body: Uint8Array<ArrayBuffer>,
  { secrets, toleranceS }: Verification,
  nowS: number,
): Promise<void> {
  const { time, signatures } = partsOf(header ?? "");
  if (time === undefined || signatures.length === 0) {
    throw refused("The header Payment-Signature must read t=<seconds>,v1=<signature in hexadecimal>.");
  }
  const signed = new Uint8Array(await new Blob([`${time}.`, body]).arrayBuffer());
  const checks = secrets.flatMap((secret) => signatures.map((signature) => isSignedBy(secret, signature, signed)));
  if (!(await Promise.all(checks)).includes(true)) {
    throw refused("The signature is not of this body and a secret known here.");
  }
  // Only now is the time known to be the signer's.
  if (Math.abs(nowS - Number(time)) > toleranceS) {
    throw refused(`The signature is not from within ${toleranceS} s of now.`);
  }
}

function partsOf(header: string): { time?: string; signatures: Uint8Array<ArrayBuffer>[] } {
  const parts = header.split(",").map((part) => part.trim().split("=", 2));
  const time = parts.find(([name, value]) => name === "t" && /^\d{1,12}$/.test(value ?? ""))?.[1];
  const signatures = parts.filter(([name, value]) => name === "v1" && /^[0-9a-f]{64}$/i.test(value ?? ""))
    .slice(0, MAX_SIGNATURES).map(([, value]) =>
      Uint8Array.from(value.match(/../g) ?? [], (byte) => parseInt(byte, 16))
    );
  return { time, signatures };
}

/** In a time that does not depend on where they differ: `verify` is specified to compare so. */
async function isSignedBy(
  secret: string,
  signature: Uint8Array<ArrayBuffer>,
  signed: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", new TextEncoder().encode(secret), algorithm, false, ["verify"]);
  return await crypto.subtle.verify("HMAC", key, signature, signed);
}

function refused(detail: string): Problem {
  return new Problem("unauthenticated", detail, { headers: { "www-authenticate": "Payment-Signature" } });
}
