/** Generates clients of an OpenAPI document: `generate.ts document folder`. Each generator is used as it comes. */
import { createClient } from "@hey-api/openapi-ts";
import openapiTS, { astToString } from "openapi-typescript";

const [document, folder] = Deno.args;
const types = await openapiTS(JSON.parse(await Deno.readTextFile(document)));
await Deno.writeTextFile(`${folder}/openapi-typescript.ts`, astToString(types));
await createClient({
  input: document,
  // Deno and browsers want the name of a file as it is.
  output: { path: `${folder}/hey-api`, module: { extension: ".ts" } },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
  logs: { level: "silent" },
});
