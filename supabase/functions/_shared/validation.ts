/** Checks input against a Zod schema, and says what is wrong with it in the gateway's words and codes. */
import { z } from "zod";
import { type FieldProblem, Problem } from "./problems.ts";

const MAX_FIELDS = 20;
const MAX_POINTER = 120;

/** The value as the schema makes it; throws a Problem that lists the wrong fields. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const done = schema.safeParse(value, { reportInput: true });
  if (done.success) return done.data;
  const all = done.error.issues.flatMap(fieldProblems);
  const fields = all.slice(0, MAX_FIELDS);
  if (all.length === 1) throw new Problem("invalid-input", `${fields[0].pointer}: ${fields[0].detail}`, { fields });
  const more = all.length > MAX_FIELDS ? `, ${MAX_FIELDS} of them` : "";
  throw new Problem("invalid-input", `${all.length} fields are not as they must be; errors lists them${more}.`, {
    fields,
  });
}

function fieldProblems(issue: z.core.$ZodIssue): FieldProblem[] {
  if (issue.code === "unrecognized_keys") {
    const detail = "There is no such field; leave it out.";
    return issue.keys.map((key) => ({ pointer: pointer([...issue.path, key]), detail, code: "extra_forbidden" }));
  }
  const [code, detail] = words(issue);
  return [{ pointer: pointer(issue.path), detail, code }];
}

/** The code and the sentence of an issue. */
function words(issue: z.core.$ZodIssue): readonly [string, string] {
  switch (issue.code) {
    case "invalid_type":
      return wrongType(issue);
    case "too_small":
      return beyond(issue.origin, Number(issue.minimum), "short", "at least", "greater");
    case "too_big":
      return beyond(issue.origin, Number(issue.maximum), "long", "at most", "less");
    case "invalid_value":
      return ["enum", `It should be ${alternatives(issue.values.map((value) => `'${String(value)}'`))}.`];
    case "invalid_format":
      if (issue.format === "guid") return ["uuid_parsing", "It should be a valid UUID."];
      return ["string_pattern_mismatch", `It should match pattern '${issue.pattern?.replace(/^\/|\/$/g, "")}'.`];
    case "custom":
      return [issue.params?.code ?? "value_error", issue.message];
    default:
      return ["value_error", `${issue.message}.`];
  }
}

const TYPES: Readonly<Record<string, readonly [string, string]>> = {
  string: ["string_type", "It should be a valid string."],
  int: ["int_type", "It should be a valid integer."],
  number: ["float_type", "It should be a valid number."],
  boolean: ["bool_type", "It should be a valid boolean."],
  array: ["list_type", "It should be a valid list."],
  record: ["dict_type", "It should be a valid dictionary."],
  object: ["model_attributes_type", "It should be a JSON object."],
};

function wrongType(issue: z.core.$ZodIssueInvalidType): readonly [string, string] {
  if (issue.input === undefined) return ["missing", "This field is required."];
  // A schema may name its type where Zod names a wider one: a number that has to be whole.
  return TYPES[issue.message] ?? TYPES[issue.expected] ?? ["value_error", `${issue.message}.`];
}

function beyond(
  origin: string,
  bound: number,
  end: string,
  atMost: string,
  than: string,
): readonly [string, string] {
  const plural = bound === 1 ? "" : "s";
  if (origin === "string") return [`string_too_${end}`, `It should have ${atMost} ${bound} character${plural}.`];
  if (origin === "array") return [`too_${end}`, `It should have ${atMost} ${bound} item${plural}.`];
  return [`${than}_than_equal`, `It should be ${than} than or equal to ${bound}.`];
}

function alternatives(values: string[]): string {
  return values.length === 1 ? values[0] : `${values.slice(0, -1).join(", ")} or ${values[values.length - 1]}`;
}

/** RFC 6901, section 6: a JSON pointer as a URI fragment, readable where it can be. */
function pointer(path: readonly PropertyKey[]): string {
  const text = path.map((part) => "/" + String(part).replaceAll("~", "~0").replaceAll("/", "~1")).join("");
  return text.length < MAX_POINTER ? `#${text}` : `#${text.slice(0, MAX_POINTER - 2)}…`;
}
