/**
 * A bound on the bytes of one answer. `select=c0:content,c1:content,…` names a column as often as an address has room for,
 * so that 200 bytes of a request ask for megabytes. The rows are counted as they come in from PostgreSQL, before the driver
 * keeps them: beyond the bound the statement fails as if PostgreSQL itself had refused it, and its remaining rows are
 * dropped unread. The finished text, which repeats the names of columns and escapes characters, is measured once more.
 */
import { Buffer } from "node:buffer";
import { Socket } from "node:net";

/** SQLSTATE of the refusal; PostgREST makes a status of `PT` and three digits. */
const TOO_LARGE = "PT413";

// Kinds of messages of PostgreSQL's protocol, which begin with one byte for the kind and four for the length.
const DATA_ROW = "D".charCodeAt(0);
const COMMAND_COMPLETE = "C".charCodeAt(0);
const ERROR_RESPONSE = "E".charCodeAt(0);
const READY_FOR_QUERY = "Z".charCodeAt(0);
const HEADER_BYTES = 5;

/** What is said to the caller. */
export interface Refusal {
  code: string;
  message: string;
  details: string;
  hint: string;
}

/** Why an answer of more than `bound` bytes is refused. */
export function tooLarge(bound: number): Refusal {
  return {
    code: TOO_LARGE,
    message: `The answer is larger than ${bound.toLocaleString("en")} bytes`,
    details: "Nothing was changed, and no rows are returned.",
    hint: "Ask for fewer rows (limit) or columns (select). DATA_API_MAX_BYTES sets the bound of the local stack.",
  };
}

/** Whether an answer that is ready has more than `bound` bytes. */
export function exceeds(answer: Response, bound: number): boolean {
  return Number(answer.headers.get("content-length") ?? 0) > bound;
}

/** The answer in place of one that is too large. */
export function tooLargeResponse(bound: number): Response {
  return Response.json(tooLarge(bound), { status: 413 });
}

/**
 * A socket to PostgreSQL, for the driver, on which no statement returns more than `bound` bytes of rows. It connects while
 * the driver already writes: the driver gives a connection back to its pool only for errors of a socket that it has.
 */
export function boundedSocket(host: string, port: number, bound: number): Socket {
  return new BoundedSocket(bound).connect(port, host);
}

/** Hands on what PostgreSQL sends, as far as the bound allows. */
class BoundedSocket extends Socket {
  #rows: BoundedRows;

  constructor(bound: number) {
    super();
    this.#rows = new BoundedRows(bound);
  }

  override emit(event: string | symbol, ...parts: unknown[]): boolean {
    if (event !== "data") return super.emit(event, ...parts);
    const passed = this.#rows.pass(parts[0] as Buffer);
    return passed.length === 0 || super.emit("data", passed);
  }
}

/** Follows the messages of one connection and drops the rows of a statement beyond the bound. */
export class BoundedRows {
  #bound: number;
  /** Bytes of rows of the statement under way. */
  #size = 0;
  /** Bytes that are still to come of the message under way. */
  #rest = 0;
  /** The beginning of a message whose header has not come as a whole. */
  #header = Buffer.alloc(0);
  #isDropping = false;
  #isOver = false;

  constructor(bound: number) {
    this.#bound = bound;
  }

  /** The part of `bytes` that the driver shall see, with the refusal where the bound is passed. */
  pass(bytes: Buffer): Buffer {
    const received = this.#header.length === 0 ? bytes : Buffer.concat([this.#header, bytes]);
    const passed: Buffer[] = [];
    let from = 0;
    while (from < received.length) {
      if (this.#rest === 0) {
        if (received.length - from < HEADER_BYTES) break;
        this.#begin(received[from], received.readInt32BE(from + 1), passed);
      }
      const end = Math.min(received.length, from + this.#rest);
      if (!this.#isDropping) passed.push(received.subarray(from, end));
      this.#rest -= end - from;
      from = end;
    }
    this.#header = from < received.length ? Buffer.from(received.subarray(from)) : Buffer.alloc(0);
    return passed.length === 1 ? passed[0] : Buffer.concat(passed);
  }

  /** Decides about a message by its header; `length` counts itself, but not the byte of the kind. */
  #begin(kind: number, length: number, passed: Buffer[]): void {
    this.#rest = length + 1;
    if (kind === READY_FOR_QUERY) {
      this.#size = 0;
      this.#isOver = false;
    }
    if (kind === DATA_ROW && !this.#isOver) {
      this.#size += length;
      this.#isOver = this.#size > this.#bound;
      if (this.#isOver) passed.push(errorMessage(tooLarge(this.#bound)));
    }
    // Whatever else ends the statement: it has ended for the driver already.
    this.#isDropping = this.#isOver && [DATA_ROW, COMMAND_COMPLETE, ERROR_RESPONSE].includes(kind);
  }
}

/** An error as PostgreSQL sends one. */
function errorMessage({ code, message, details, hint }: Refusal): Buffer {
  const fields = [`SERROR`, `VERROR`, `C${code}`, `M${message}`, `D${details}`, `H${hint}`];
  const body = Buffer.from(fields.map((field) => `${field}\0`).join("") + "\0");
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(ERROR_RESPONSE);
  header.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([header, body]);
}
