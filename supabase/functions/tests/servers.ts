/** Servers that stand where the gateway and the Data API would, and requests to a function. */
import type { Handler } from "../_shared/endpoint.ts";
import type { Surroundings } from "../_shared/surroundings.ts";

export const KEY = "sb_publishable_x";

type Answer = (request: Request) => Response | Promise<Response>;

/** What a test may set up; a server that is not given is not there. */
export interface Outside {
  gateway?: Answer;
  dataApi?: Answer;
  gatewayTimeoutMs?: number;
  stallMs?: number;
  resetMs?: number;
}

/** Runs `test` with a function before these servers. */
export async function withServers(
  make: (surroundings: Surroundings) => Handler,
  { gateway, dataApi, gatewayTimeoutMs = 20_000, stallMs = 20_000, resetMs = 60_000 }: Outside,
  test: (handler: Handler) => Promise<void>,
): Promise<void> {
  const servers = [gateway, dataApi].map((answer) => answer && serve(answer));
  const [gatewayUrl, supabaseUrl] = servers.map((server) => server ? urlOf(server) : deadUrl());
  const limits = { gatewayTimeoutMs, stallMs, dataApiTimeoutMs: 20_000, resetMs };
  try {
    await test(make({ gatewayUrl, supabaseUrl, publishableKey: KEY, ...limits }));
  } finally {
    for (const server of servers) await server?.shutdown();
  }
}

export function serve(answer: Answer): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, answer);
}

export function urlOf(server: Deno.HttpServer<Deno.NetAddr>): string {
  return `http://127.0.0.1:${server.addr.port}`;
}

/** A URL on which nothing listens. */
export function deadUrl(): string {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return `http://127.0.0.1:${port}`;
}

/** A refusal in the gateway's form. */
export function refusal(kind: string, status: number, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify({ type: `urn:tidegate:problem:${kind}`, title: "", status, detail: kind }), {
    status,
    headers: { "content-type": "application/problem+json", ...headers },
  });
}

/** An access token as far as it can be read without its key. */
export function token(role: string): string {
  return ["x", btoa(JSON.stringify({ role })), "y"].join(".");
}
