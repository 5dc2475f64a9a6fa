/** Records what a project answers to calls of supabase-js: status, code of the error, headers that matter, and fields. */

/** What was answered to one call. */
export interface Answer {
  name: string;
  status: number;
  /** How the service calls the error. */
  code: string | null;
  headers: Record<string, string>;
  /** Of an object, or of the first of a list. */
  fields: string[] | null;
}

const HEADERS = [
  "content-type",
  "content-range",
  "preference-applied",
  "www-authenticate",
  "x-total-count",
  "location",
];

export class Recorder {
  readonly answers: Answer[] = [];
  #last: Response | undefined;

  /** For `createClient(…, { global: { fetch } })`, and for calls without an SDK. */
  readonly fetch: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    this.#last = response.clone();
    return response;
  };

  /** Makes a call, and keeps what the last request of it was answered. */
  async call<Value>(name: string, make: () => PromiseLike<Value>): Promise<Value> {
    this.#last = undefined;
    const value = await make();
    if (this.#last === undefined) throw new Error(`${name} sends nothing`);
    this.answers.push(await answered(name, this.#last));
    return value;
  }
}

async function answered(name: string, response: Response): Promise<Answer> {
  const text = await response.text();
  const body = parsed(text);
  const first = Array.isArray(body) ? body[0] : body;
  const isObject = typeof first === "object" && first !== null;
  const headers = HEADERS.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value]];
  });
  return {
    name,
    status: response.status,
    code: response.ok || !isObject ? null : codeOf(first),
    headers: Object.fromEntries(headers),
    fields: isObject ? Object.keys(first).sort() : null,
  };
}

/** Auth says `error_code`, the Data API `code`, Storage the status that it means and a word. */
function codeOf(body: Record<string, unknown>): string | null {
  const { error_code, statusCode, error, code } = body;
  if (typeof error_code === "string") return error_code;
  if (typeof statusCode === "string") return `${statusCode} ${error}`;
  return typeof code === "string" ? code : typeof error === "string" ? error : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // no JSON: a file, or nothing
  }
}
