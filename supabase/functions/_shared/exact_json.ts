/** JSON with numbers that JavaScript cannot hold. */

/** What the engine has and TypeScript does not know yet (ECMAScript 2026, "JSON.parse source text access"). */
const EXACT = JSON as unknown as {
  parse(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};

/** What JSON says; numbers are kept as they are written, for JSON.stringify alone to read. */
export function parseExactly(json: string): unknown {
  return EXACT.parse(json, (_, value, { source }) => (
    typeof value === "number" && source !== undefined ? EXACT.rawJSON(source) : value
  ));
}

/** The same for PostgreSQL, which stores no NUL and no half of a surrogate pair. */
export function parseStorable(json: string): unknown {
  return EXACT.parse(json, (_, value, { source }) => {
    if (typeof value === "number" && source !== undefined) return EXACT.rawJSON(source);
    if (typeof value === "string") return storable(value);
    if (typeof value !== "object" || value === null || Array.isArray(value) || EXACT.isRawJSON(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [storable(name), each]));
  });
}

function storable(text: string): string {
  return text.replaceAll("\0", "").toWellFormed();
}

/** A JSON object with one more field, or another value of it; all other numbers stay as they are written. */
export function withField(json: string, name: string, value: unknown): string {
  return JSON.stringify({ ...parseExactly(json) as object, [name]: value });
}
