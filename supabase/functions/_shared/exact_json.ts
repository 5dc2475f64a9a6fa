/** JSON with numbers that JavaScript cannot hold. */

/** What the engine has and TypeScript does not know yet (ECMAScript 2026, "JSON.parse source text access"). */
const EXACT = JSON as unknown as {
  parse(text: string, reviver: (name: string, value: unknown, context: { source?: string }) => unknown): object;
  rawJSON(text: string): unknown;
};

/** A JSON object with one more field, or another value of it; all other numbers stay as they are written. */
export function withField(json: string, name: string, value: unknown): string {
  const object = EXACT.parse(json, (_, value, { source }) => (
    typeof value === "number" && source !== undefined ? EXACT.rawJSON(source) : value
  ));
  return JSON.stringify({ ...object, [name]: value });
}
