/**
 * JSON bodies reach PostgreSQL as JSON, as PostgREST sends them. `@supabase/lite` binds every value of every row as a
 * parameter of its own, which fails beyond 65,535 of them, encodes jsonb twice and turns the arrays of vector columns into
 * array literals. Here a write keeps its one body and `json_populate_recordset` hands each value to its type.
 */
import {
  type ColumnUpdateNode,
  type InsertQueryNode,
  type KyselyPlugin,
  type OperationNode,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RawBuilder,
  type RootOperationNode,
  sql,
  type TableNode,
  type UnknownRow,
  type UpdateQueryNode,
} from "kysely";
import type { RequestScope } from "./request_scope.ts";
import type { ColumnDefaults, Introspection } from "./schema_cache.ts";
import { exactJson } from "./wire_types.ts";

/** Name of a table with its schema. */
interface Relation {
  schema: string;
  table: string;
}

/** Rewrites the inserts and updates of one request so that they read their values from its body. */
export class JsonBodyPlugin implements KyselyPlugin {
  #body: string;
  #scope: RequestScope;
  #defaults: ColumnDefaults;

  constructor(body: string, scope: RequestScope, defaults: ColumnDefaults) {
    this.#body = body;
    this.#scope = scope;
    this.#defaults = defaults;
  }

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    if (node.kind === "InsertQueryNode") return this.#insert(node);
    if (node.kind === "UpdateQueryNode") return this.#update(node);
    return node;
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }

  #insert(node: InsertQueryNode): InsertQueryNode {
    const columns = node.columns?.map(({ column }) => column.name) ?? [];
    if (node.into === undefined) return node;
    // `{}` names no column, and SQL has no empty list of them: a row without any is one of defaults.
    if (columns.length === 0) return { ...node, columns: undefined, values: this.#emptyRows() };
    const relation = this.#relation(node.into);
    const rows = sql`json_populate_recordset(null::${rowType(relation)}, ${this.#rows(relation, columns)})`;
    return {
      ...node,
      values: sql`select ${sql.join(columns.map((name) => sql.id(name)))} from ${rows}`.toOperationNode(),
    };
  }

  #emptyRows(): OperationNode {
    return sql`select from json_array_elements(${this.#array()}::json)`.toOperationNode();
  }

  #array(): string {
    return this.#body.trimStart().startsWith("[") ? this.#body : `[${this.#body}]`;
  }

  /** The body as a JSON array of rows, with defaults where a row lacks a key and the caller asked for that. */
  #rows(relation: Relation, columns: readonly string[]): RawBuilder<unknown> {
    const array = this.#array();
    const known = this.#defaults.get(`${relation.schema}.${relation.table}`);
    const defaults = columns.filter((name) => known?.has(name));
    if (!this.#scope.missingAsDefault || defaults.length === 0) return sql`${array}::json`;
    const pairs = defaults.map((name) => sql`${sql.lit(name)}, ${sql.raw(`(${known?.get(name)})`)}`);
    return sql`(select json_agg(jsonb_build_object(${sql.join(pairs)}) || given)
                  from jsonb_array_elements(${array}::jsonb) as given)`;
  }

  #update(node: UpdateQueryNode): UpdateQueryNode {
    const body = exactJson(this.#body);
    const given = (Array.isArray(body) ? body[0] : body) as Record<string, unknown>;
    if (node.table?.kind !== "TableNode") return node;
    const relation = this.#relation(node.table as TableNode);
    return { ...node, updates: node.updates?.map((update) => readFromRecord(update, relation, given)) };
  }

  #relation(node: TableNode): Relation {
    const { schema, identifier } = node.table;
    return { schema: schema?.name ?? this.#scope.headers["content-profile"] ?? "public", table: identifier.name };
  }
}

function rowType({ schema, table }: Relation): RawBuilder<unknown> {
  return sql.id(schema, table);
}

function readFromRecord(
  update: ColumnUpdateNode,
  relation: Relation,
  given: Record<string, unknown>,
): ColumnUpdateNode {
  const name = columnName(update.column);
  if (name === undefined || !Object.hasOwn(given, name)) return update;
  const record = sql`json_populate_record(null::${rowType(relation)}, ${
    JSON.stringify({ [name]: given[name] })
  }::json)`;
  return { ...update, value: sql`(${record}).${sql.id(name)}`.toOperationNode() };
}

function columnName(node: OperationNode): string | undefined {
  if (node.kind !== "ColumnNode") return undefined;
  return (node as OperationNode & { column: { name: string } }).column.name;
}

/** The rows of a body, each with every column that the request names. */
export function withEveryKey(values: object | object[], columns: readonly string[]): object | object[] {
  const empty = Object.fromEntries(columns.map((name) => [name, null]));
  return Array.isArray(values) ? values.map((row) => ({ ...empty, ...row })) : { ...empty, ...values };
}

/**
 * Arguments of a function call as the package must receive them: a JSON value for a json parameter, or an array or object
 * for one that is neither an array nor json (a vector, say), as JSON text, which the type's input function reads.
 */
export function encodeArguments(
  call: { schema?: string; function: string; args: Record<string, unknown> },
  functions: Introspection["functions"],
  body?: string,
): Record<string, unknown> {
  const types = argumentTypes(call, functions);
  const sent = body === undefined ? call.args : exactJson(body) as Record<string, unknown>;
  return Object.fromEntries(
    Object.entries(call.args).map((
      [name, value],
    ) => [name, encodeArgument(value, sent[name] ?? value, types.get(name))]),
  );
}

/** `sent` is the value with its numbers as they were written. */
function encodeArgument(value: unknown, sent: unknown, type: string | undefined): unknown {
  if (type === undefined || value === null) return value;
  if (type === "json" || type === "jsonb") return JSON.stringify(sent);
  if (JSON.isRawJSON(sent)) return sent.rawJSON;
  return typeof value === "object" && !type.endsWith("[]") ? JSON.stringify(value) : value;
}

/** Types by argument name, over every overload that takes all the given names. */
function argumentTypes(
  call: { schema?: string; function: string; args: Record<string, unknown> },
  functions: Introspection["functions"],
): Map<string, string> {
  const types = new Map<string, string>();
  const names = Object.keys(call.args);
  for (const { schema, name, arg_names, arg_types, has_variadic } of functions ?? []) {
    if (schema !== (call.schema ?? "public") || name !== call.function || has_variadic) continue;
    if (!names.every((given) => arg_names.includes(given))) continue;
    arg_names.forEach((argument, position) => types.set(argument, arg_types[position]));
  }
  return types;
}
