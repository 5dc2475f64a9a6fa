/**
 * Plain one-line logging to stderr. The supervisor prefixes each line with the name of the process, so a line carries
 * neither time nor colour, and an error object is never spread over several lines.
 */
import { RelationNotFoundError } from "@supabase/lite";
import { RequestRefusal } from "./refusals.ts";

/** Renders anything that was thrown as one line: name, code and message, without a stack. */
export function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return oneLine(typeof thrown === "string" ? thrown : Deno.inspect(thrown));
  const code = (thrown as { code?: unknown }).code;
  // A failed connection attempt to several addresses is an AggregateError with an empty message of its own.
  const inner = thrown instanceof AggregateError && !thrown.message ? thrown.errors.map(describe).join("; ") : "";
  return oneLine(`${thrown.name}${typeof code === "string" ? ` ${code}` : ""}: ${thrown.message || inner}`);
}

/** Writes one line to stderr. */
export function logLine(line: string): void {
  Deno.stderr.writeSync(new TextEncoder().encode(`${oneLine(line)}\n`));
}

/** Logs a request that the server, not the caller, got wrong. */
export function logFailedRequest(method: string, path: string, status: number, reason: string): void {
  logLine(`${method} ${path} ${status} ${reason}`.trimEnd());
}

/**
 * `@supabase/lite` prints whole error objects with `console.error`. Keep what it says, one line each; an unknown relation
 * is the caller's 404 and not worth a line, and so is a refusal. Its warnings are about its own deployment service.
 */
export function quietLibrary(): void {
  console.warn = () => {};
  console.error = (...parts: unknown[]) => {
    if (parts.some((part) => part instanceof RelationNotFoundError || part instanceof RequestRefusal)) return;
    logLine(parts.map(describe).join(" "));
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ").slice(0, 500);
}
