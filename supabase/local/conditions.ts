/**
 * Filters as SQL. `@supabase/lite` finds the column of a filter: by its alias, within JSON, of an embedded resource. It
 * compares it by an equality sign with a value that is marked here, and {@link ComparisonPlugin} puts the operator and the
 * operand of PostgREST in its place (`pgFmtFilter` in its `SqlFragment.hs`). Operands are text; PostgreSQL gives them a type.
 */
import {
  type KyselyPlugin,
  type OperationNode,
  OperationNodeTransformer,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  RawNode,
  type RootOperationNode,
  type UnknownRow,
  ValueNode,
} from "kysely";
import type { Comparison, Condition } from "./filter_grammar.ts";
import type { Filter } from "./query_strings.ts";
import { RequestRefusal } from "./refusals.ts";

/**
 * Begins a marked operand, and divides what stands before the field, between the two, and before the operand. Other plugins
 * copy nodes, so that the mark is part of the SQL; PostgreSQL refuses the character, should a mark ever be left in it.
 */
const MARK = "\0";

const SYMBOLS: Readonly<Record<string, string>> = {
  eq: "=",
  neq: "<>",
  gt: ">",
  gte: ">=",
  lt: "<",
  lte: "<=",
  like: "like",
  ilike: "ilike",
  match: "~",
  imatch: "~*",
  isdistinct: "is distinct from",
  cs: "@>",
  cd: "<@",
  ov: "&&",
  sl: "<<",
  sr: ">>",
  nxr: "&<",
  nxl: "&>",
  adj: "-|-",
};

const SEARCHES: Readonly<Record<string, { type?: string; parser: string }>> = {
  fts: { parser: "to_tsquery" },
  plfts: { type: "plain", parser: "plainto_tsquery" },
  phfts: { type: "phrase", parser: "phraseto_tsquery" },
  wfts: { type: "websearch", parser: "websearch_to_tsquery" },
};

type Where = Record<string, unknown>;

/** A node of the tree that the package makes of `select`, or its root. */
interface Resource {
  select?: (string | Record<string, object>)[];
  join?: Record<string, { from?: string }>;
  where?: Where;
}

/**
 * Puts the filters where they belong in the package's description of a request; those of the table itself only when
 * `withRoot`.
 * @throws RequestRefusal when one is of a resource that `select` does not embed.
 */
export function placeFilters(root: Resource, filters: readonly Filter[], withRoot: boolean): void {
  const byResource = new Map<Resource, Condition[]>();
  for (const { embed, condition } of filters) {
    const resource = embed.reduce(embedded, root);
    if (resource !== root || withRoot) byResource.set(resource, [...byResource.get(resource) ?? [], condition]);
  }
  for (const [resource, conditions] of byResource) resource.where = asWhere(conditions, resource);
}

function embedded({ select, join }: Resource, name: string): Resource {
  const nodes = (select ?? [])
    .flatMap((item) => typeof item === "string" ? [] : Object.entries(item as Record<string, Resource>))
    .filter(([, node]) => node.select !== undefined);
  const found = nodes.find(([alias]) => alias === name) ?? nodes.find(([alias]) => join?.[alias]?.from === name);
  if (found !== undefined) return found[1];
  throw new RequestRefusal(400, {
    code: "PGRST108",
    details: null,
    hint: `Verify that '${name}' is included in the 'select' query parameter.`,
    message: `'${name}' is not an embedded resource in this request`,
  });
}

/**
 * All conditions together. Whether an embedded resource is there (`orders=not.is.null`) is asked in the package's own words,
 * and apart: it looks for those only in a conjunction that holds nothing else.
 */
function asWhere(conditions: Condition[], resource: Resource): Where {
  const isOfResource = (condition: Condition) => asksForResource(condition, resource);
  const others = conditions.filter((condition) => !isOfResource(condition)).map((each) => asAst(each, resource));
  const resources = conditions.filter(isOfResource).map((each) => asAst(each, resource));
  return {
    ...(resources.length > 0 && { $and: resources }),
    ...(others.length > 0 && { $or: [{ $and: others }] }),
  };
}

function asksForResource(condition: Condition, { select }: Resource): boolean {
  if (condition.kind !== "comparison") {
    return condition.members.some((member) => asksForResource(member, { select }));
  }
  const { column, path, operator, value } = condition;
  const isNull = operator === "is" && value === "null" && path === "";
  return isNull && (select ?? []).some((item) => typeof item !== "string" && "select" in (item[column] ?? {}));
}

function asAst(condition: Condition, resource: Resource): Where {
  if (condition.kind === "comparison") return comparisonAst(condition, resource);
  const members = condition.members.map((member) => asAst(member, resource));
  const joined = { [`$${condition.kind}`]: members };
  return condition.negated ? { $not: joined } : joined;
}

function comparisonAst(comparison: Comparison, resource: Resource): Where {
  const { column, path, negated } = comparison;
  if (asksForResource(comparison, resource)) return { [column]: { [negated ? "$isNot" : "$is"]: null } };
  const search = SEARCHES[comparison.operator];
  const operation = search !== undefined && path === ""
    // The package knows which columns are vectors of words already.
    ? { $textSearch: { query: comparison.value, type: search.type, config: comparison.config } }
    : { $eq: { toOperationNode: () => operand(comparison) } };
  const compared = { [column + path]: operation };
  return negated ? { $not: compared } : compared;
}

/** The marked operand of a comparison. */
function operand({ operator, quantifier, config, value, list }: Comparison): OperationNode {
  const search = SEARCHES[operator];
  if (search !== undefined) {
    const language = config === undefined ? "" : `'${config}', `;
    return marked(`to_tsvector(${language}`, ") @@ ", [`${search.parser}(${language}`, ")"], value);
  }
  if (list !== undefined) return marked("", " = ", ["any(", ")"], arrayLiteral(list));
  // `is` takes no parameter; the grammar lets nothing but five words through.
  if (operator === "is") return marked("", " is ", [value.replace("_", " ")]);
  const text = operator === "like" || operator === "ilike" ? value.replaceAll("*", "%") : value;
  const around = quantifier === undefined ? ["", ""] : [`${quantifier}(`, ")"];
  return marked("", ` ${SYMBOLS[operator]} `, around, text);
}

function marked(before: string, between: string, fragments: string[], value?: string): OperationNode {
  const [first, ...rest] = fragments;
  const begin = `${MARK}${before}${MARK}${between}${MARK}${first}`;
  return RawNode.create([begin, ...rest], value === undefined ? [] : [ValueNode.create(value)]);
}

/** `in.()` is no element, as in PostgREST: a list of nothing but an empty text cannot be said. */
function arrayLiteral(elements: string[]): string {
  if (elements.length === 1 && elements[0] === "") return "{}";
  return `{${elements.map((element) => `"${element.replace(/[\\"]/g, "\\$&")}"`).join(",")}}`;
}

/** Replaces the equality sign before every marked operand. */
export class ComparisonPlugin implements KyselyPlugin {
  #transformer = new ComparisonTransformer();

  transformQuery({ node, queryId }: PluginTransformQueryArgs): RootOperationNode {
    return this.#transformer.transformNode(node, queryId);
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}

class ComparisonTransformer extends OperationNodeTransformer {
  protected override transformRaw(node: RawNode, queryId?: Parameters<typeof this.transformNode>[1]): RawNode {
    const [field] = node.parameters;
    const operand = node.parameters.at(-1);
    if (operand === undefined || !RawNode.is(operand) || !operand.sqlFragments[0].startsWith(MARK)) {
      return super.transformRaw(node, queryId);
    }
    const [, before, between, first] = operand.sqlFragments[0].split(MARK);
    const plain = RawNode.create([first, ...operand.sqlFragments.slice(1)], operand.parameters);
    return RawNode.create([before, between, ""], [this.transformNode(field, queryId), plain]);
  }
}
