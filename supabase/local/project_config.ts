/** The few lines of `supabase/config.toml` that the local stack follows. */

/** What it says to whom it concerns here. */
export interface ProjectConfig {
  /** Functions whose section says `verify_jwt = false`: they look at the token themselves. */
  functionsWithoutTokenCheck: ReadonlySet<string>;
  /** `minimum_password_length` of `[auth]`. */
  shortestPassword: number;
  /** `file_size_limit` of `[storage]`, in bytes. */
  largestFile: number;
}

// What the Supabase CLI takes where the file says nothing.
const SHORTEST_PASSWORD = 6;
const LARGEST_FILE = "50MiB";

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };

/** Reads the file; without one, everything is as the CLI has it. */
export async function readProjectConfig(path: string): Promise<ProjectConfig> {
  const values = parse(await textOf(path));
  const unchecked = [...values].filter(([key, value]) => key.endsWith(".verify_jwt") && value === "false");
  return {
    functionsWithoutTokenCheck: new Set(unchecked.map(([key]) => key.split(".")[1])),
    shortestPassword: Number(values.get("auth.minimum_password_length") ?? SHORTEST_PASSWORD),
    largestFile: bytes(values.get("storage.file_size_limit") ?? LARGEST_FILE),
  };
}

/** Simple values by `section.key`. */
function parse(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let section = "";
  for (const line of text.split("\n")) {
    section = line.match(/^\s*\[([^\]]+)\]/)?.[1] ?? section;
    const [, key, value] = line.match(/^\s*([\w-]+)\s*=\s*("[^"]*"|[^\s#]+)/) ?? [];
    if (key !== undefined) values.set(`${section}.${key}`, value.replace(/^"|"$/g, ""));
  }
  return values;
}

/** `50MiB`, `50MB` and `52428800` are the same to the CLI. */
function bytes(size: string): number {
  const [, number, unit] = size.match(/^([\d_.]+)\s*([KMG]?)i?B?$/i) ?? [];
  if (number === undefined) throw new Error(`config.toml: ${size} is no size of a file`);
  return Math.floor(Number(number.replaceAll("_", "")) * (UNITS[unit.toUpperCase()] ?? 1));
}

async function textOf(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
