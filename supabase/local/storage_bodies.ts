/** JSON bodies of Storage, checked as hosted Storage checks them. */
import { Buffer } from "node:buffer";
import { invalidKey, invalidRequest } from "./storage_errors.ts";

/** A body whose fields have the types that hosted Storage wants. */
export type StorageBody = Record<string, unknown>;

type Check = (value: unknown) => string | undefined;

const text: Check = (value) => typeof value === "string" ? undefined : "must be string";
const texts: Check = (value) =>
  Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === "string")
    ? undefined
    : "must be an array of strings, with one at least";
const integerFrom = (least: number): Check => (value) =>
  Number.isSafeInteger(value) && Number(value) >= least ? undefined : `must be an integer >= ${least}`;
const oneOf = (...words: string[]): Check => (value) =>
  words.includes(value as string) ? undefined : `must be one of ${words.join(", ")}`;

interface Field {
  check: Check;
  required?: boolean;
}

const MOVE: Record<string, Field> = {
  bucketId: { check: text, required: true },
  sourceKey: { check: text, required: true },
  destinationKey: { check: text, required: true },
  destinationBucket: { check: text },
};
const SHAPES: Readonly<Record<string, Record<string, Field>>> = {
  list: {
    prefix: { check: text, required: true },
    limit: { check: integerFrom(1) },
    offset: { check: integerFrom(0) },
    search: { check: text },
    sortBy: { check: (value) => typeof value === "object" ? undefined : "must be object" },
  },
  sortBy: {
    column: { check: oneOf("name", "updated_at", "created_at", "last_accessed_at"), required: true },
    order: { check: oneOf("asc", "desc") },
  },
  sign: { expiresIn: { check: integerFrom(1), required: true } },
  signMany: { expiresIn: { check: integerFrom(1), required: true }, paths: { check: texts, required: true } },
  remove: { prefixes: { check: texts, required: true } },
  move: MOVE,
  copy: MOVE,
};

/** Which characters hosted Storage allows in the name of an object (`VALID_OBJECT_KEY` in its `limits.ts`). */
const KEY = /^[A-Za-z0-9_/!.*'() &$=@;:+,?-]+$/;

/**
 * Reads the body of an operation.
 * @throws StorageError for what is no JSON object, and for a field that is missing or of the wrong type.
 */
export async function readStorageBody(request: Request, operation: string): Promise<StorageBody> {
  const body = parsed(await request.text());
  check(body, operation);
  if (body.sortBy != null) check(body.sortBy as StorageBody, "sortBy");
  return body;
}

/** Refuses a name that hosted Storage would refuse. */
export function requireKey(key: string): void {
  if (!KEY.test(key)) throw invalidKey(key);
}

/** The header `X-Metadata` of an upload, base64 of a JSON object, as JSON. */
export function userMetadata(header: string | null): string | null {
  if (header === null) return null;
  const metadata = parsed(Buffer.from(header, "base64").toString());
  const text = JSON.stringify(metadata);
  if (text.includes("\\u0000")) throw invalidRequest("metadata must not contain U+0000");
  return text;
}

function check(body: StorageBody, shape: string): void {
  for (const [name, { check, required }] of Object.entries(SHAPES[shape])) {
    if (body[name] == null) {
      if (required) throw invalidRequest(`body must have required property '${name}'`);
      continue;
    }
    const problem = check(body[name]);
    if (problem !== undefined) throw invalidRequest(`body/${name} ${problem}`);
  }
  if (JSON.stringify(body).includes("\\u0000")) throw invalidRequest("body must not contain U+0000");
}

function parsed(content: string): StorageBody {
  let body: unknown;
  try {
    body = JSON.parse(content);
  } catch (error) {
    if (error instanceof SyntaxError) throw invalidRequest(error.message);
    throw error;
  }
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw invalidRequest("body must be object");
  return body as StorageBody;
}
