/** Bodies of Auth, read as GoTrue reads them: a value of the wrong type is a mistake of the caller, not of the server. */

/** A refusal in GoTrue's words. */
export class AuthError extends Error {
  constructor(readonly status: number, readonly code: string, message: string) {
    super(message);
  }

  /** The answer. */
  toResponse(): Response {
    const body = { code: this.status, error_code: this.code, msg: this.message };
    return Response.json(body, { status: this.status, headers: { "x-sb-error-code": this.code } });
  }
}

/** Types of the fields, which have the same name and type in every body. What is not listed is not looked at. */
const TYPES: Readonly<Record<string, "string" | "boolean" | "object">> = {
  id: "string",
  email: "string",
  phone: "string",
  password: "string",
  password_hash: "string",
  role: "string",
  ban_duration: "string",
  type: "string",
  token: "string",
  token_hash: "string",
  refresh_token: "string",
  auth_code: "string",
  code_verifier: "string",
  nonce: "string",
  email_confirm: "boolean",
  phone_confirm: "boolean",
  create_user: "boolean",
  should_soft_delete: "boolean",
  data: "object",
  app_metadata: "object",
  user_metadata: "object",
};

const ADDRESS = /^[^\s@]+@[^\s@]+\.[^\s@]+$/; // as the package does

/**
 * The fields of a body. A null is a field that is not there.
 * @throws AuthError for text that is no JSON object, a field of the wrong type, and a character that PostgreSQL cannot store.
 */
export function readFields(text: string): Record<string, unknown> {
  const body = text.trim() === "" ? {} : parsed(text);
  if (body === null) return {};
  if (typeof body !== "object" || Array.isArray(body)) throw noJson("expecting an object");
  const fields = Object.entries(body).filter(([, value]) => value !== null);
  for (const [name, value] of fields) {
    const type = Object.hasOwn(TYPES, name) ? TYPES[name] : undefined;
    if (type === undefined || typeof value === type && !Array.isArray(value)) continue;
    throw noJson(`${name} must be ${type === "object" ? "an object" : `a ${type}`}`);
  }
  return Object.fromEntries(fields);
}

/** Refuses what cannot be an address of mail. */
export function requireAddress(email: unknown): void {
  if (typeof email !== "string" || email === "" || ADDRESS.test(email.trim())) return;
  throw new AuthError(400, "validation_failed", "Unable to validate email address: invalid format");
}

function parsed(text: string): unknown {
  const requireText = (part: unknown) => {
    if (typeof part !== "string" || !part.includes("\0") && part.isWellFormed()) return;
    throw new AuthError(400, "validation_failed", "No text may contain U+0000 or half a surrogate pair");
  };
  try {
    return JSON.parse(text, (key, value) => {
      requireText(key);
      requireText(value);
      return value;
    });
  } catch (error) {
    if (error instanceof SyntaxError) throw noJson(error.message);
    throw error;
  }
}

function noJson(reason: string): AuthError {
  return new AuthError(400, "bad_json", `Could not parse request body as JSON: ${reason}`);
}
