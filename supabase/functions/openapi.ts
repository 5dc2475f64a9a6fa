/** Prints the OpenAPI document of all functions; `make docs` keeps it in docs/edge-functions.openapi.json. */
import { documentOf } from "./_shared/openapi.ts";
import { operation as answers } from "./answers/operation.ts";
import { operation as paymentWebhook } from "./payment-webhook/operation.ts";
import { operation as recommend } from "./recommend/operation.ts";
import { operation as search } from "./search/operation.ts";

console.log(JSON.stringify(documentOf([search, recommend, answers, paymentWebhook]), null, 2));
