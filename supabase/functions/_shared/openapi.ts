/** The OpenAPI document of functions, made from the schemas that they check with. No function loads this. */
import { z } from "zod";
import { KINDS } from "./problems.ts";

/** One function, as it is described. */
export interface Operation {
  /** As it is called: `/functions/v1/<name>`. */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  /** The name of the request's schema, and the schema. */
  readonly request: readonly [string, z.ZodType];
  /** Whether a request needs a body; it does where this is not said. */
  readonly isBodyOptional?: boolean;
  readonly answer: readonly [string, z.ZodType];
  /** The data of each event by its name, where the answer can come as server-sent events. */
  readonly events?: Readonly<Record<string, z.ZodType>>;
  /** The statuses of its refusals. */
  readonly refusals: readonly number[];
  /** What proves who calls: nothing at all, where this is not said, or a person's token. */
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  /** Headers of the request that it reads, with what they are. */
  readonly headers?: Readonly<Record<string, string>>;
}

type Json = Record<string, unknown>;

const PROBLEM = z.object({
  type: z.string().describe("`urn:tidegate:problem:` and the kind."),
  title: z.string(),
  status: z.int(),
  detail: z.string().describe("What is wrong, and what to do."),
  instance: z.string().describe("The path of the request."),
  request_id: z.string(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string(), code: z.string() })).optional()
    .describe("The fields that are wrong."),
});

/** Refusals of any function. */
const OF_ANY_FUNCTION = [400, 405, 413, 415, 422, 500];

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  ...Object.fromEntries(Object.values(KINDS).map(([status, title]) => [status, `${title}.`])),
  429: "The caller asks more than it may; Retry-After says when to try again.",
};

/** The document of these functions. */
export function documentOf(operations: readonly Operation[]): Json {
  const schemas: Json = { Problem: schemaOf(PROBLEM, "output") };
  for (const { request, answer } of operations) {
    schemas[request[0]] = schemaOf(request[1], "input");
    schemas[answer[0]] = schemaOf(answer[1], "output");
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Edge Functions of Tidegate",
      version: "1",
      description: "See docs/edge-functions.md. `make docs` writes this from the Zod schemas of the functions.",
    },
    servers: [{
      url: "{project}/functions/v1",
      variables: { project: { default: "http://127.0.0.1:54321", description: "The project's URL." } },
    }],
    paths: Object.fromEntries(operations.map((each) => [`/${each.name}`, { post: operation(each) }])),
    components: {
      schemas,
      securitySchemes: {
        token: { type: "http", scheme: "bearer", bearerFormat: "JWT", description: "A Supabase access token." },
      },
    },
  };
}

function operation(each: Operation): Json {
  const refusals = [...new Set([...OF_ANY_FUNCTION, ...each.refusals])].sort();
  return {
    operationId: each.name.replace(/-./g, (part) => part[1].toUpperCase()),
    summary: each.summary,
    description: each.description,
    security: each.security ?? [{}, { token: [] }],
    ...each.headers === undefined ? {} : { parameters: Object.entries(each.headers).map(header) },
    requestBody: { required: !each.isBodyOptional, content: json(reference(each.request[0])) },
    responses: {
      200: { description: "The answer.", content: { ...json(reference(each.answer[0])), ...events(each) } },
      ...Object.fromEntries(refusals.map((status) => [status, refusal(status)])),
    },
  };
}

function header([name, description]: [string, string]): Json {
  return { name, in: "header", required: true, description, schema: { type: "string" } };
}

/** An event, as OpenAPI's registry of formats has those: its name, and its data as text. */
function events({ events }: Operation): Json {
  if (events === undefined) return {};
  const anyOf = Object.entries(events).map(([name, data]) => ({
    type: "object",
    required: ["event", "data"],
    properties: {
      event: { const: name },
      data: { type: "string", contentMediaType: "application/json", contentSchema: schemaOf(data, "output") },
    },
  }));
  return { "text/event-stream": { schema: { anyOf } } };
}

function refusal(status: number): Json {
  const content = { "application/problem+json": { schema: reference("Problem") } };
  return { description: DESCRIPTIONS[status], content };
}

function json(schema: Json): Json {
  return { "application/json": { schema } };
}

function reference(name: string): Json {
  return { $ref: `#/components/schemas/${name}` };
}

/** The JSON Schema of what is sent (input) or received (output), without what only Zod means by it. */
function schemaOf(schema: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...found } = z.toJSONSchema(schema, {
    io,
    override: ({ jsonSchema }) => {
      // An answer may have more fields one day.
      if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.format === "uuid") delete jsonSchema.pattern;
      if (jsonSchema.prefixItems !== undefined) {
        delete jsonSchema.items; // in place of `false`, which not every generator reads
        jsonSchema.minItems = jsonSchema.maxItems = jsonSchema.prefixItems.length;
      }
      delete jsonSchema.propertyNames;
    },
  });
  return found;
}
