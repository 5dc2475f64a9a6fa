/**
 * How values travel between PostgreSQL and JSON where the driver's or the package's choice differs from PostgREST's.
 * Keys are free names; `from` lists type OIDs that `parse` reads, `to` is the OID that `serialize` writes.
 */
import type postgres from "postgres";

declare global {
  interface JSON {
    /** ECMAScript "JSON.parse source text access": a value that `JSON.stringify` writes out as the given text. */
    rawJSON(text: string): unknown;
    isRawJSON(value: unknown): value is { rawJSON: string };
    parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown;
  }
}

const OID = {
  bool: 16,
  bytea: 17,
  int8: 20,
  json: 114,
  timestamp: 1114,
  timestamptz: 1184,
  numeric: 1700,
  jsonb: 3802,
} as const;

/** `2026-01-01 00:00:00+00` to `2026-01-01T00:00:00+00:00`, which is what PostgREST prints and pydantic reads. */
export function isoTimestamp(text: string): string {
  return text.replace(" ", "T").replace(/([+-]\d\d)$/, "$1:00");
}

/**
 * A number of PostgreSQL as a JSON number with all its digits, trailing zeros too: a price of 19.90 stays 19.90. `NaN` and
 * infinities, which JSON lacks, stay text.
 */
export function exactNumber(text: string): unknown {
  const value = Number(text);
  if (!Number.isFinite(value)) return text;
  return String(value) === text ? value : JSON.rawJSON(text);
}

/** What JSON text says, with each number as it is written there. */
export function exactJson(text: string): unknown {
  return JSON.parse(
    text,
    (_key, value, { source }) =>
      typeof value === "number" && source !== undefined && String(value) !== source ? JSON.rawJSON(source) : value,
  );
}

/** JSON text passes unchanged: `@supabase/lite` has already encoded what it hands over as a string. */
function jsonText(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function dateText(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}

/** A filter gives a boolean as text, in any of PostgreSQL's spellings. */
function booleanText(value: unknown): string {
  return typeof value === "string" ? value : value === true ? "t" : "f";
}

/** A driver type; the driver's own declaration of it is stricter than what it accepts. */
function wireType<T>(oid: number, serialize: (value: T) => unknown, parse: (text: string) => unknown) {
  return { to: oid, from: [oid], serialize, parse } as unknown as postgres.PostgresType;
}

/** The driver types of the Data API's connection. */
export const wireTypes: Record<string, postgres.PostgresType> = {
  bigint: wireType(OID.int8, String, exactNumber),
  bool: wireType(OID.bool, booleanText, (text) => text === "t"),
  bytea: wireType(OID.bytea, (value: string) => value, (text) => text),
  json: wireType(OID.json, jsonText, exactJson),
  jsonb: wireType(OID.jsonb, jsonText, exactJson),
  numeric: wireType(OID.numeric, String, exactNumber),
  timestamp: wireType(OID.timestamp, dateText, isoTimestamp),
  timestamptz: wireType(OID.timestamptz, dateText, isoTimestamp),
};
