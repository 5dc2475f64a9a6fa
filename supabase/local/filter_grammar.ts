/**
 * The grammar of filters, as PostgREST reads them: `eq.5`, `not.in.(a,"b,c")`, `or(a.eq.1,not.and(b.gt.2,c.is.null))`. Each
 * function follows the parser of the same name in PostgREST's `QueryParams.hs`; like there, what follows a complete tree is
 * ignored.
 */

/** A comparison of one field. `value` is text as sent; PostgreSQL reads it as the type of the field. */
export interface Comparison {
  kind: "comparison";
  column: string;
  /** JSON path from the column on, as written: `->tags->>0`; empty for the column itself. */
  path: string;
  negated: boolean;
  operator: string;
  quantifier?: "any" | "all";
  /** Text search configuration. */
  config?: string;
  value: string;
  /** The elements of `in`. */
  list?: string[];
}

/** Conditions joined by one operator. */
export interface Junction {
  kind: "and" | "or";
  negated: boolean;
  members: Condition[];
}

export type Condition = Comparison | Junction;

/** Text that is no filter. `at` is the position in it. */
export class GrammarError extends Error {
  constructor(readonly text: string, readonly at: number, readonly expected: string) {
    super(`expecting ${expected}`);
  }
}

type Operation = Omit<Comparison, "kind" | "column" | "path">;

const NAME = /[\p{L}\p{Nd}_ $]+/uy;
const DASH = /-(?!>)/y;
const ARROW = /->>?/y;
const JSON_INDEX = /[+-]?\d+(?=->|::|\.|,|$)/y;
const JSON_KEY = /[^(\-:.,>)]+/y;
const BLANK = /[ \t]*/y;
const IS = /null|not_null|true|false|unknown/iy;
const FULL_TEXT = /(fts|plfts|phfts|wfts)(?:\(([\p{L}\p{Nd}_ $]+)\))?\./uy;
const SIMPLE = /(neq|cs|cd|ov|sl|sr|nxr|nxl|adj)\./y;
const QUANTIFIED = /(eq|gte|gt|lte|lt|like|ilike|match|imatch)(?:\((any|all)\))?\./y;
const UNTIL_DELIMITER = /[^,)]*/y;
const ARRAY = /\{[^{}]*\}/y;
const QUOTED = /"((?:[^\\"]|\\[^])*)"/y;
const OPERATOR = '"not" or operator (eq, gt, ...)';
const FIELD = "field name (* or [a..z0..9_$])";

/** Reads one text from left to right. */
export class FilterReader {
  #at = 0;

  constructor(private readonly text: string) {}

  /** The key of a filter: path of embedded resources, then the field. */
  treePath(): { embed: string[]; column: string; path: string } {
    const names = this.#names();
    return { embed: names.slice(0, -1), column: names[names.length - 1], path: this.#jsonPath() };
  }

  /** The key of a logic tree: `products.not.or` is the path `products` and the operator `not.or`. */
  logicPath(): { embed: string[]; operator: string } {
    const names = this.#names();
    const operator = names[names.length - 1];
    return {
      embed: names.slice(0, -1).filter((name) => name !== "not"),
      operator: names.includes("not") ? `not.${operator}` : operator,
    };
  }

  /** The value of a filter, such as `not.eq.5`; undefined when it does not begin as one does. */
  operation(): Operation | undefined {
    return this.#operation(() => this.#rest());
  }

  /** A tree with its operator in front: `or(a.eq.1,b.eq.2)`. */
  logicTree(): Condition {
    return this.#logicFilter() ?? this.#junction();
  }

  /** Where and why reading failed. */
  fail(expected: string): never {
    throw new GrammarError(this.text, this.#at, expected);
  }

  #logicFilter(): Comparison | undefined {
    const start = this.#at;
    try {
      this.#take(BLANK);
      const column = this.#fieldName();
      const path = this.#jsonPath();
      this.#take(BLANK);
      this.#expect(".");
      const operation = this.#operation(() => this.#logicValue()) ?? this.fail(OPERATOR);
      return { kind: "comparison", column, path, ...operation };
    } catch (error) {
      if (!(error instanceof GrammarError)) throw error;
      this.#at = start; // no filter: a nested tree, or the mistake that reading one reports
      return undefined;
    }
  }

  #junction(): Junction {
    const negated = this.#take(/not\./y) !== undefined;
    const kind = this.#take(/and|or/y)?.[0] ?? this.fail(negated ? "logic operator (and, or)" : FIELD);
    this.#take(BLANK);
    this.#expect("(");
    this.#take(BLANK);
    const members = [this.logicTree()];
    while (this.#take(/[ \t]*,[ \t]*/y)) members.push(this.logicTree());
    this.#take(BLANK);
    this.#expect(")");
    this.#take(BLANK);
    return { kind: kind as "and" | "or", negated, members };
  }

  #operation(value: () => string): Operation | undefined {
    const negated = this.#take(/not\./y) !== undefined;
    if (this.#take(/in\./y)) return { negated, operator: "in", value: "", list: this.#list() };
    if (this.#take(/is\./y)) {
      const is = this.#take(IS)?.[0] ?? this.fail("isVal: (null, not_null, true, false, unknown)");
      return { negated, operator: "is", value: is.toLowerCase() };
    }
    if (this.#take(/isdistinct\./y)) return { negated, operator: "isdistinct", value: value() };
    const search = this.#take(FULL_TEXT);
    if (search) return { negated, operator: search[1], config: search[2]?.trim(), value: value() };
    const simple = this.#take(SIMPLE);
    if (simple) return { negated, operator: simple[1], value: value() };
    const quantified = this.#take(QUANTIFIED);
    if (quantified) {
      const quantifier = quantified[2] as Comparison["quantifier"];
      return { negated, operator: quantified[1], quantifier, value: value() };
    }
    return negated ? this.fail("operator (eq, gt, ...)") : undefined;
  }

  #list(): string[] {
    this.#take(BLANK);
    this.#expect("(");
    this.#take(BLANK);
    const elements = [this.#element()];
    while (this.#take(/,/y)) elements.push(this.#element());
    this.#take(BLANK);
    this.#expect(")");
    return elements;
  }

  #element(): string {
    return this.#quotedElement() ?? this.#take(UNTIL_DELIMITER)![0];
  }

  #logicValue(): string {
    return this.#quotedElement() ?? this.#take(ARRAY)?.[0] ?? this.#take(UNTIL_DELIMITER)![0];
  }

  /** A quoted value; quotes that something else follows are part of a plain one. */
  #quotedElement(): string | undefined {
    const start = this.#at;
    const quoted = this.#quoted();
    if (quoted === undefined || this.#at === this.text.length || ",)".includes(this.text[this.#at])) return quoted;
    this.#at = start;
    return undefined;
  }

  #quoted(): string | undefined {
    return this.#take(QUOTED)?.[1].replace(/\\([^])/g, "$1");
  }

  #names(): string[] {
    const names = [this.#fieldName()];
    while (this.#take(/\./y)) names.push(this.#fieldName());
    return names;
  }

  #fieldName(): string {
    return this.#quoted() ?? this.#dashed(NAME);
  }

  #dashed(part: RegExp): string {
    const parts: string[] = [];
    do parts.push((this.#take(part)?.[0] ?? this.fail(FIELD)).trim()); while (this.#take(DASH));
    return parts.join("-");
  }

  #jsonPath(): string {
    let path = "";
    for (let arrow = this.#take(ARROW); arrow; arrow = this.#take(ARROW)) {
      path += arrow[0] + (this.#take(JSON_INDEX)?.[0] ?? this.#quoted() ?? this.#dashed(JSON_KEY));
    }
    return path;
  }

  #rest(): string {
    return this.#take(/[^]*/y)![0];
  }

  #expect(delimiter: string): void {
    if (this.text[this.#at] !== delimiter) this.fail(delimiter === "." ? "delimiter (.)" : `"${delimiter}"`);
    this.#at++;
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }
}
