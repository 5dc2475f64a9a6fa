/** The grammar of a filter of metadata: the gateway's, word for word (gateway/search/metadata_filter.py). */

const OPERATORS = ["$eq", "$ne", "$in", "$nin", "$gt", "$gte", "$lt", "$lte", "$exists", "$not"];
const RANGES = ["$gt", "$gte", "$lt", "$lte"];
const [MAX_DEPTH, MAX_OPERATORS, MAX_LISTED] = [16, 16, 100];
export const KNOWN = OPERATORS.join(", ");
export const MOMENT =
  /^[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-](0[0-9]|1[0-4]):[0-5][0-9])?)?$/;

type Names = Record<string, unknown>;

/** Whether a text is a date, or a time of one: 2026-03-31, 2026-03-31T12:00:00Z. */
export function isMoment(written: string): boolean {
  if (!MOMENT.test(written)) return false;
  const [year, month, day] = written.slice(0, 10).split("-").map(Number);
  return new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day;
}

/** What is wrong with a filter; undefined where nothing is. */
export function whyNoFilter(metadata: Names): string | undefined {
  if (depth(metadata) > MAX_DEPTH) return `It nests more than ${MAX_DEPTH} levels`;
  const found = [...operators(metadata)];
  const listed = found.reduce((sum, [, operand]) => sum + (Array.isArray(operand) ? operand.length : 0), 0);
  if (found.length > MAX_OPERATORS || listed > MAX_LISTED) {
    return `It may have ${MAX_OPERATORS} operators, and ${MAX_LISTED} values in the lists of $in and $nin`;
  }
  return wrongNames(metadata, "metadata");
}

function isObject(value: unknown): value is Names {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function within(value: unknown): unknown[] {
  return Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
}

function depth(value: unknown): number {
  const inner = within(value);
  return inner.length === 0 ? 0 : 1 + Math.max(...inner.map(depth));
}

function* operators(value: unknown): Generator<[string, unknown]> {
  if (isObject(value)) yield* Object.entries(value).filter(([name]) => name.startsWith("$"));
  for (const each of within(value)) yield* operators(each);
}

function wrongNames(names: Names, place: string): string | undefined {
  for (const [name, value] of Object.entries(names)) {
    const named = `${place}.${name.slice(0, 100)}`;
    if (name.startsWith("$")) {
      return `${place}: ${name.slice(0, 40)} stands where a name must; operators stand below one, as in ` +
        `{"year": {"$gte": 2024}}, and are ${KNOWN}`;
    }
    let wrong: string | undefined;
    if (isObject(value)) {
      const isTested = Object.keys(value).some((key) => key.startsWith("$"));
      wrong = (isTested ? wrongOperators : wrongNames)(value, named);
    } else if (Array.isArray(value) && !operators(value).next().done) {
      wrong = `${named}: no operator can stand in a list`;
    }
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}

function wrongOperators(tests: Names, place: string): string | undefined {
  if (Object.keys(tests).length === 0) return `${place}: $not takes a value or operators`;
  for (const [operator, operand] of Object.entries(tests)) {
    if (!OPERATORS.includes(operator)) return `${place}: ${operator.slice(0, 40)} is no operator; known are ${KNOWN}`;
    if (operator === "$not" && isObject(operand)) {
      const wrong = wrongOperators(operand, place);
      if (wrong !== undefined) return wrong;
    } else if (!takes(operator, operand)) return `${place}: ${wanted(operator)}`;
  }
  return undefined;
}

function takes(operator: string, operand: unknown): boolean {
  if (operator === "$exists") return typeof operand === "boolean";
  if (RANGES.includes(operator)) return isDouble(operand) || (typeof operand === "string" && isMoment(operand));
  if (operator === "$in" || operator === "$nin") {
    return Array.isArray(operand) && operand.length > 0 && operand.every(isScalar);
  }
  return isScalar(operand);
}

function isScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || isDouble(value);
}

function isDouble(value: unknown): boolean {
  return typeof value === "number" && (value === 0 || (Math.abs(value) >= 1e-308 && Math.abs(value) <= 1e308));
}

function wanted(operator: string): string {
  if (operator === "$exists") return "$exists takes true or false";
  if (operator === "$not") return "$not takes a value or operators";
  if (RANGES.includes(operator)) {
    return `${operator} takes a number, or a date such as "2026-03-31" or "2026-03-31T12:00:00Z"`;
  }
  if (operator === "$in" || operator === "$nin") {
    return `${operator} takes a list of texts, numbers, true, false and null`;
  }
  return `${operator} takes a text, a number, true, false or null`;
}
