/** Refusals of Storage. Hosted Storage answers 400 to nearly all of them and puts the status into the body. */

/** A refusal in hosted Storage's words. */
export class StorageError extends Error {
  constructor(readonly statusCode: number, readonly error: string, message: string, readonly code: string = error) {
    super(message);
  }

  /** The answer. */
  toResponse(): Response {
    const { statusCode, error, code, message } = this;
    const status = statusCode === 501 ? 501 : 400;
    return Response.json({ statusCode: String(statusCode), error, code, message }, { status });
  }
}

/** What the package calls its errors, and the code that hosted Storage gives them, which client libraries look at. */
const CODES: Readonly<Record<string, string>> = {
  "Object not found": "NoSuchKey",
  "Bucket not found": "NoSuchBucket",
  "The resource already exists": "KeyAlreadyExists",
};

export function invalidKey(key: string): StorageError {
  return new StorageError(400, "InvalidKey", `Invalid key: ${key}`);
}

export function tooLarge(): StorageError {
  return new StorageError(413, "Payload too large", "The object exceeded the maximum allowed size", "EntityTooLarge");
}

export function invalidRequest(message: string): StorageError {
  return new StorageError(400, "Error", message, "InvalidRequest");
}

/** What a client can ask for that only a hosted project has. */
export function absent(what: string): StorageError {
  return new StorageError(501, "NotImplemented", `The local stack does not offer ${what}; a hosted project does`);
}

/** An error of the package with its code. */
export async function withCode(response: Response): Promise<Response> {
  if (response.status !== 400 || !response.headers.get("content-type")?.includes("json")) return response;
  const body = await response.json();
  const code = body.code ?? CODES[body.message] ?? body.error;
  return Response.json({ ...body, code }, { status: response.status });
}
