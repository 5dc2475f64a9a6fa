/**
 * Realtime, which the local stack does not have. A refused connection is tried again and again by the client libraries, for
 * ever by some, and says nothing to the program. So the connection is taken, and every channel refused with the reason, which
 * the program gets to see as `CHANNEL_ERROR`.
 */

/** A message of Phoenix channels; in version 2 of their protocol it is an array of the same parts. */
interface Message {
  join_ref: unknown;
  ref: unknown;
  topic: unknown;
  event: unknown;
}

const REASON = "The local stack does not offer Realtime; a hosted project does";

/** Whether a request opens a connection to Realtime. */
export function opensRealtime(request: Request, path: string): boolean {
  return path.startsWith("/realtime/") && request.headers.get("upgrade")?.toLowerCase() === "websocket";
}

/** Connections that only ever hear why they are of no use. */
export class RealtimeRefusals {
  #open = new Set<WebSocket>();

  /** Takes a connection. */
  accept(request: Request): Response {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onopen = () => this.#open.add(socket);
    socket.onclose = () => this.#open.delete(socket);
    socket.onerror = () => this.#open.delete(socket);
    socket.onmessage = ({ data }) => {
      const reply = typeof data === "string" ? answerTo(data) : undefined;
      if (reply !== undefined) socket.send(reply);
    };
    return response;
  }

  /** Ends every connection. */
  close(): void {
    for (const socket of this.#open) socket.close(1001, REASON);
  }
}

/** The reply to a message, in the version of the protocol that it has; none to what is no message. */
function answerTo(text: string): string | undefined {
  let sent: unknown;
  try {
    sent = JSON.parse(text);
  } catch {
    return undefined; // nothing that a client library sends
  }
  if (typeof sent !== "object" || sent === null) return undefined;
  const message: Message = Array.isArray(sent)
    ? { join_ref: sent[0], ref: sent[1], topic: sent[2], event: sent[3] }
    : sent as Message;
  const isHeartbeat = message.event === "heartbeat";
  const payload = isHeartbeat ? { status: "ok", response: {} } : { status: "error", response: { reason: REASON } };
  const { join_ref, ref, topic } = message;
  const event = "phx_reply";
  return JSON.stringify(
    Array.isArray(sent) ? [join_ref, ref, topic, event, payload] : { join_ref, ref, topic, event, payload },
  );
}
