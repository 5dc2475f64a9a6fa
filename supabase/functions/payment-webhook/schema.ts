/** What `payment-webhook` takes, and what it answers. */
import { z } from "zod";

/** Text that the provider may also write as a number. */
const idOrNumber = z.union([z.string(), z.number()]);

/** An event of the payment provider. It may have more fields, and be of a type that is not known here. */
export const Event = z.looseObject({
  id: z.string().min(1).max(255).describe("The provider's id of the event: the same one counts once."),
  type: z.string().min(1).max(100).describe(
    "`charge.` or `refund.` with `succeeded`, `declined` or `pending`; `charge.requires_action`; `dispute.…`, or another.",
  ),
  data: z.looseObject({
    order_id: z.string().nullish().describe("The order, as the provider was told."),
    id: idOrNumber.nullish().describe("What the provider calls the charge or refund."),
    amount: idOrNumber.nullish().describe("A decimal. It must be that of the order where it is given."),
    currency: z.string().nullish().describe("ISO 4217 code. It must be that of the order where it is given."),
    reason: z.string().nullish().describe("Why it was declined."),
    url: z.string().nullish().describe("Where the buyer confirms the charge."),
    client_secret: z.string().nullish().describe("What the provider's own script needs for that."),
  }).nullish(),
});

/** What became of it. */
export const Answer = z.object({
  outcome: z.enum(["settled", "known", "waiting", "review"]).describe(
    "`settled`: it changed something. `known`: nothing new. `waiting`: for the charge of its order. `review`: kept for staff.",
  ),
});
