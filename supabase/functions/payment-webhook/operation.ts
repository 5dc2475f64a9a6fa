/** How `payment-webhook` is described to payment providers. */
import type { Operation } from "../_shared/openapi.ts";
import { Answer, Event } from "./schema.ts";

export const operation: Operation = {
  name: "payment-webhook",
  summary: "Receive an event of the payment provider",
  description: "Kept once, and settled with its order in one transaction. Send it again after any status but 200.",
  request: ["PaymentEvent", Event],
  answer: ["PaymentEventAnswer", Answer],
  refusals: [401, 503],
  security: [{}],
  headers: {
    "payment-signature":
      "`t=<seconds>,v1=<hex>`: HMAC-SHA-256 of `<seconds>.<body>` under the shared secret; `v1` may come more than once.",
  },
};
