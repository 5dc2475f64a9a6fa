/** The gateway's server-sent events, as a function passes them on. */
import { type Dependency, DependencyError } from "./dependency.ts";
import type { Exchange } from "./endpoint.ts";
import { forGateway, returned } from "./forwarding.ts";
import { answerOf } from "./gateway.ts";

export const EVENTS = "text/event-stream";

/** Ends one event. */
const END = "\n\n";

/** The gateway's last event is one of these. */
const LAST = /^event: (done|error)\n/;

const BROKEN = "It broke off.";

/** One event: its name, and what is told. */
export interface ServerEvent {
  readonly name: string;
  readonly data: unknown;
}

/** An event as it is sent. */
export function written({ name, data }: ServerEvent): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}${END}`;
}

/** An event as it was sent; undefined for a comment. */
export function read(event: string): ServerEvent | undefined {
  const [, name, data] = event.match(/^event: (.*)\ndata: (.*)\n\n$/) ?? [];
  return name === undefined ? undefined : { name, data: JSON.parse(data) };
}

/**
 * Asks the gateway for events: its refusal, or the events, of which the first is there. Throws a DependencyError when there
 * is none in time, and when something else answers.
 */
export async function askForEvents(
  gateway: Dependency,
  url: string,
  exchange: Exchange,
  { body, stallMs }: { body: string; stallMs: number },
): Promise<Response | GatewayEvents> {
  return await gateway.call(async (signal) => {
    const controller = new AbortController();
    const giveUp = () => controller.abort(signal.reason);
    signal.addEventListener("abort", giveUp);
    try {
      const headers = forGateway(exchange);
      const answer = await fetch(url, { method: "POST", headers, body, signal: controller.signal, redirect: "manual" });
      if (answer.body === null || !answer.ok || !answer.headers.get("content-type")?.startsWith(EVENTS)) {
        return await answerOf(answer);
      }
      const events = new GatewayEvents(answer.body, returned(answer.headers), controller, stallMs);
      await events.begin();
      return events;
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  });
}

/** Events while they come, each as text and whole: half of one is no use to a client. Comments are among them. */
export class GatewayEvents {
  /** Those of the answer that the client gets. */
  readonly headers: Readonly<Record<string, string>>;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #controller: AbortController;
  readonly #stallMs: number;
  #unread = "";
  #last = "";

  /** Aborting the controller ends the request. */
  constructor(
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
    headers: Record<string, string>,
    controller: AbortController,
    stallMs: number,
  ) {
    this.headers = headers;
    this.#reader = body.pipeThrough(new TextDecoderStream()).getReader();
    this.#controller = controller;
    this.#stallMs = stallMs;
  }

  /** Waits for the first event. */
  async begin(): Promise<void> {
    this.#unread = (await this.next() ?? "") + this.#unread;
  }

  /**
   * The next event; undefined after the last one. Throws a DependencyError when nothing comes for too long, and at an end
   * that is none.
   */
  async next(): Promise<string | undefined> {
    for (;;) {
      const end = this.#unread.indexOf(END);
      if (end >= 0) {
        this.#last = this.#unread.slice(0, end + END.length);
        this.#unread = this.#unread.slice(this.#last.length);
        return this.#last;
      }
      const { done, value } = await this.#read();
      if (done && LAST.test(this.#last)) return undefined;
      if (done) throw new DependencyError(BROKEN);
      this.#unread += value;
    }
  }

  /** As a client gets them; where they break off, `whenBroken` says what comes last. A client that leaves ends the request. */
  stream(whenBroken: (error: DependencyError) => string): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    return new ReadableStream({
      pull: async (client) => {
        try {
          const event = await this.next();
          if (event === undefined) client.close();
          else client.enqueue(encoder.encode(event));
        } catch (error) {
          this.stop();
          if (!(error instanceof DependencyError)) throw error;
          client.enqueue(encoder.encode(whenBroken(error)));
          client.close();
        }
      },
      cancel: () => this.stop(),
    });
  }

  /** Ends the request. */
  stop(): void {
    this.#controller.abort();
  }

  async #read(): Promise<ReadableStreamReadResult<string>> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stall = new Promise<never>((_, reject) => {
      const reason = new DependencyError(`It sent nothing for ${this.#stallMs / 1000} s.`);
      timer = setTimeout(() => reject(reason), this.#stallMs);
    });
    try {
      return await Promise.race([this.#reader.read(), stall]);
    } catch (error) {
      // Before the first event the deadline says why; after it the connection is gone.
      throw this.#last === "" || error instanceof DependencyError
        ? error
        : new DependencyError(BROKEN, { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}
