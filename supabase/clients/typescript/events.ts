/** The events of an answer: how they are typed, and how they are read from the text of a stream. */
import { AnswerBrokenOff } from "./errors.ts";
import type { AnswerEnd, Citation, Degradation, DeltaEvent, SearchEvent } from "./types.ts";

export type AnswerEvent =
  /** The search is done. A second one, without passages, takes the first one back. */
  | { event: "search"; data: SearchEvent }
  /** More text of the answer. */
  | { event: "delta"; data: DeltaEvent }
  /** Where a part of the text before stands. */
  | { event: "citation"; data: Citation }
  /** Something was down. */
  | { event: "degradation"; data: Degradation }
  /** The answer is whole; all of it but its text, citations and passages. */
  | { event: "done"; data: AnswerEnd };

const KNOWN: ReadonlySet<string> = new Set(["search", "delta", "citation", "degradation", "done"]);

/** Reads the events of one answer from the pieces of its stream, wherever these are cut. */
export class EventReader {
  #decoder = new TextDecoder();
  #rest = "";
  #name = "";
  #data: string[] = [];
  #isDone = false;

  /**
   * The events that this piece completes; throws AnswerBrokenOff for one that says so. What a gateway of tomorrow sends
   * besides is skipped.
   */
  *feed(piece: Uint8Array): Generator<AnswerEvent> {
    const text = this.#rest + this.#decoder.decode(piece, { stream: true });
    // A line end may be cut in two; its first half waits for the second.
    const end = text.endsWith("\r") ? text.length - 1 : text.length;
    const lines = text.slice(0, end).split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + text.slice(end);
    for (const line of lines) yield* this.#line(line);
  }

  /** The stream is over; throws AnswerBrokenOff unless the answer is. */
  end(): void {
    if (!this.#isDone) throw new AnswerBrokenOff("The connection ended before the answer did.");
  }

  *#line(line: string): Generator<AnswerEvent> {
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (line === "" && this.#data.length > 0) {
      const [name, data] = [this.#name, JSON.parse(this.#data.join("\n"))];
      [this.#name, this.#data] = ["", []];
      yield* this.#event(name, data);
    }
  }

  *#event(name: string, data: unknown): Generator<AnswerEvent> {
    if (name === "error") throw new AnswerBrokenOff((data as { detail: string }).detail);
    this.#isDone ||= name === "done";
    if (KNOWN.has(name)) yield { event: name, data } as AnswerEvent;
  }
}
