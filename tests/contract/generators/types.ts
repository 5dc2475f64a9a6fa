/** Writes the types of the OpenAPI document that comes in: what has a default may be left out of a request. */
import openapiTS, { astToString } from "openapi-typescript";

const document = await new Response(Deno.stdin.readable).json();
console.log(astToString(await openapiTS(document, { defaultNonNullable: false })));
