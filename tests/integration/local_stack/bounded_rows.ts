/**
 * The rows of a statement as a socket brings them, cut at every byte: what passes is the same however they are cut. Exits
 * with an error when it is not.
 */
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { BoundedRows } from "../../../supabase/local/answer_bounds.ts";

const BOUND = 100;

function message(kind: string, size: number): Buffer {
  const bytes = Buffer.alloc(5 + size, kind.toLowerCase());
  bytes.write(kind, 0);
  bytes.writeInt32BE(size + 4, 1);
  return bytes;
}

/** What passes of `stream` when it comes in pieces that end at `cuts`. */
function passed(stream: Buffer, cuts: number[]): Buffer {
  const rows = new BoundedRows(BOUND);
  const ends = [...cuts, stream.length];
  return Buffer.concat(ends.map((end, index) => rows.pass(stream.subarray(index === 0 ? 0 : ends[index - 1], end))));
}

/** The kinds of messages in `stream`, one letter each. */
function kinds(stream: Buffer): string {
  let found = "";
  for (let at = 0; at < stream.length; at += 1 + stream.readInt32BE(at + 1)) found += String.fromCharCode(stream[at]);
  return found;
}

const statement = (...sizes: number[]) => [
  message("2", 0),
  message("T", 30),
  ...sizes.map((size) => message("D", size)),
  message("C", 10),
  message("Z", 1),
];
const stream = Buffer.concat([
  ...statement(40, 40), // within the bound
  ...statement(60, 60, 60), // beyond it with the second row
  ...statement(500), // with the first
  ...statement(60, 30), // each statement begins anew
  message("D", 400), // one that the server itself ends
  message("E", 20),
  message("Z", 1),
]);
const whole = passed(stream, []);
assert.equal(kinds(whole), "2TDDCZ" + "2TDEZ" + "2TEZ" + "2TDDCZ" + "EZ");
for (let cut = 1; cut < stream.length; cut++) {
  assert.deepEqual(passed(stream, [cut]), whole, `cut at ${cut}`);
  assert.deepEqual(passed(stream, [cut, Math.min(cut + 3, stream.length)]), whole, `cut at ${cut} and 3 on`);
}
const single = Array.from({ length: stream.length - 1 }, (_, index) => index + 1);
assert.deepEqual(passed(stream, single), whole, "byte by byte");
