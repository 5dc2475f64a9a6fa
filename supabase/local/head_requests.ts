/**
 * HEAD requests of the Data API. PostgREST takes them for a GET whose answer has no body. `@supabase/lite` takes the
 * arguments of a function for filters of its result, and reads every column of every row only to drop them.
 */
import {
  AliasNode,
  IdentifierNode,
  type KyselyPlugin,
  type PluginTransformQueryArgs,
  type PluginTransformResultArgs,
  type QueryResult,
  type RootOperationNode,
  SelectionNode,
  SelectQueryNode,
  sql,
  type UnknownRow,
} from "kysely";

/** Whether the package must see a GET in place of this request. */
export function isHeadOfDataApi(request: Request): boolean {
  return request.method === "HEAD" && new URL(request.url).pathname.startsWith("/rest/");
}

/** The GET that a HEAD stands for. */
export function asGet({ url, headers }: Request): Request {
  return new Request(url, { headers });
}

/** The answer to a GET as the answer to a HEAD. How long the body would have been is not known. */
export async function withoutBody(response: Response): Promise<Response> {
  await response.body?.cancel();
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(null, { status: response.status, headers });
}

/**
 * Has the request's first query, which reads the rows, return one column of nothing for each. PostgreSQL still checks the
 * rights to every column that was asked for. What follows is the count, and passes as it is.
 */
export class RowsOnlyPlugin implements KyselyPlugin {
  #isRead = false;

  transformQuery({ node }: PluginTransformQueryArgs): RootOperationNode {
    if (node.kind !== "SelectQueryNode" || this.#isRead) return node;
    this.#isRead = true;
    const rows = SelectQueryNode.createFrom([AliasNode.create(node, IdentifierNode.create("found"))]);
    const nothing = AliasNode.create(sql`null`.toOperationNode(), IdentifierNode.create("nothing"));
    return SelectQueryNode.cloneWithSelections(rows, [SelectionNode.create(nothing)]);
  }

  transformResult({ result }: PluginTransformResultArgs): Promise<QueryResult<UnknownRow>> {
    return Promise.resolve(result);
  }
}
