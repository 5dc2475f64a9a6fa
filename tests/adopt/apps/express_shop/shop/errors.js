// Errors as JSON. What PostgreSQL refuses has the status that the Data API answers.
import { ZodError } from "zod";

const STATUS = { 42501: 403, 23503: 409, 23505: 409, 23514: 400, "22P02": 404 };

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

export function refuse(field, message) {
  throw new ZodError([{ code: "custom", path: [field], message, input: undefined }]);
}

function statusOf(error) {
  if (typeof error.code === "string" && error.code.startsWith("PT")) return Number(error.code.slice(2));
  return STATUS[error.code] ?? error.status ?? 500;
}

export function tell(error, request, response, next) {
  if (response.headersSent) return next(error);
  if (error instanceof ZodError) {
    const fields = error.issues.map(({ path, message }) => [path.join("."), message]);
    return response.status(422).json(Object.fromEntries(fields));
  }
  const status = statusOf(error);
  if (status >= 500) console.error(error);
  response.status(status).json({ detail: status >= 500 ? "It has been logged." : error.message });
}
