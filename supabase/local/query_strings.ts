/**
 * Query strings of the Data API. PostgREST joins all filters by AND, however often one column occurs. `@supabase/lite` reads
 * the query string as a dictionary, so that of two filters of one column and operator only the last counts, and it guesses
 * types: `eq.1e5` is a number to it. So the filters are read here and never reach its parser; see conditions.ts.
 */
import { type Condition, FilterReader, GrammarError } from "./filter_grammar.ts";

/** One filter of a request, and the embedded resource it belongs to; an empty path is the table itself. */
export interface Filter {
  embed: string[];
  condition: Condition;
}

/** A query string without its filters, and the filters. */
export interface ReadQuery {
  search: string;
  filters: Filter[];
}

/** The first of each counts: `lookup` in PostgREST's `QueryParams.hs`, and of `order` what its fold from the right keeps. */
const FIRST_COUNTS = ["select", "columns", "on_conflict"];
const LAST_WORDS = { first: ["order"], last: ["limit", "offset"], logic: ["and", "or"] };

/**
 * Reads a query string.
 * @param mayHoldArguments whether what is no filter is an argument, as in the GET of a function.
 * @returns the refusal when PostgREST refuses it too.
 */
export function readQuery(search: string, mayHoldArguments: boolean): ReadQuery | Response {
  const kept: [string, string][] = [];
  const filters: Filter[] = [];
  try {
    for (const [key, value] of new URLSearchParams(search)) {
      const lastWord = key.slice(key.lastIndexOf(".") + 1);
      const before = kept.findIndex(([name]) => name === key);
      if (FIRST_COUNTS.includes(key) || LAST_WORDS.first.includes(lastWord)) {
        if (before < 0) kept.push([key, value]);
      } else if (LAST_WORDS.last.includes(lastWord)) {
        if (before >= 0) kept.splice(before, 1);
        kept.push([key, value]);
      } else if (key === "apikey") kept.push([key, value]);
      else if (LAST_WORDS.logic.includes(lastWord)) filters.push(logicFilter(key, value));
      else {
        const filter = simpleFilter(key, value, mayHoldArguments);
        if (filter === undefined) kept.push([key, value]);
        else filters.push(filter);
      }
    }
  } catch (error) {
    if (error instanceof GrammarError) return parseError(error);
    throw error;
  }
  return { search: new URLSearchParams(kept).toString(), filters };
}

/** The order of parameters that PostgREST gives in `Content-Location`. */
export function canonical(search: string): string {
  return new URLSearchParams([...new URLSearchParams(search)].sort(([a], [b]) => a < b ? -1 : a > b ? 1 : 0))
    .toString();
}

function simpleFilter(key: string, value: string, mayBeArgument: boolean): Filter | undefined {
  const { embed, column, path } = read("tree path", key, (reader) => reader.treePath());
  const operation = read("filter", value, (reader) => {
    const found = reader.operation();
    return found ?? (mayBeArgument ? undefined : reader.fail('"not" or operator (eq, gt, ...)'));
  });
  return operation && { embed, condition: { kind: "comparison", column, path, ...operation } };
}

function logicFilter(key: string, value: string): Filter {
  const { embed, operator } = read("logic path", key, (reader) => reader.logicPath());
  try {
    return { embed, condition: new FilterReader(operator + value).logicTree() };
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    throw new QueryError("logic tree", value, error);
  }
}

/** A mistake with the name of what was being read. */
class QueryError extends GrammarError {
  constructor(readonly what: string, readonly shown: string, { text, at, expected }: GrammarError) {
    super(text, at, expected);
  }
}

function read<T>(what: string, text: string, how: (reader: FilterReader) => T): T {
  try {
    return how(new FilterReader(text));
  } catch (error) {
    if (!(error instanceof GrammarError)) throw error;
    throw new QueryError(what, text, error);
  }
}

function parseError(error: GrammarError): Response {
  const { what, shown } = error instanceof QueryError ? error : { what: "query", shown: error.text };
  const found = error.at < error.text.length ? JSON.stringify(error.text[error.at]) : "end of input";
  return Response.json({
    code: "PGRST100",
    details: `unexpected ${found} expecting ${error.expected}`,
    hint: null,
    message: `"failed to parse ${what} (${shown})" (line 1, column ${error.at + 1})`,
  }, { status: 400 });
}
