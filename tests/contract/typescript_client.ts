/**
 * Drives @tidegate/client: two people at the gateway of GATEWAY_URL, with their tokens in ADA and BOB, and a gateway
 * that answers badly. Prints what happened as JSON.
 */
import {
  AnswerBrokenOff,
  DocumentFailed,
  DocumentNotReady,
  GatewayProblem,
} from "../../supabase/clients/typescript/mod.ts";
import { SearchAsYouType, Tidegate, type TidegateOptions } from "../../supabase/clients/typescript/mod.ts";

const url = Deno.env.get("GATEWAY_URL") ?? "";
const [ada, bob] = ["ADA", "BOB"].map((name) =>
  new Tidegate(url, { token: () => Promise.resolve(Deno.env.get(name)) })
);
const visitor = new Tidegate(url);
const question = "Where does the spare anchor lie?";
const file = (name: string, text: string, type: string) => new File([text], name, { type });
const nameOf = (error: unknown) => (error as Error).name;

const note = file("anchor.md", "# Anchoring\n\nThe spare anchor lies under the port bench.", "text/markdown");
const { id } = await ada.addDocument([note], { title: "Spare anchor", metadata: { year: 2026 } });
await ada.waitForDocument(id);
const found = await Promise.all(
  [ada, bob, visitor].map((client) => client.search("anchor", { mode: "keyword", in: ["documents"] })),
);

let text = "";
const kinds: string[] = [];
for await (const event of ada.streamAnswer([{ role: "user", content: question }], { limit: 1 })) {
  kinds.push(event.event);
  if (event.event === "delta") text += event.data.text;
}
for await (const event of ada.streamAnswer(question)) {
  if (event.event === "search") break;
}

const field = new SearchAsYouType(ada, { pauseMs: 0, in: ["documents"] });
const typed = await Promise.all(["sp", "spare", "spare anc"].map((each) => field.search(each)));
const broken = await bob.addDocument([file("broken.pdf", "no PDF", "application/pdf")]);
const hidden = await bob.getDocument(id).catch((error) => error as GatewayProblem);
const wrong = await visitor.search("anchor", { limit: 1_000 }).catch((error) => error as GatewayProblem);
const left = AbortSignal.abort(new Error("left"));

/** A client whose gateway gives these answers in turn and then an empty one, and how long it would wait. */
function told(answers: [number, string | null][], options: TidegateOptions = {}) {
  const waits: number[] = [];
  const fetch = () => {
    const [status, after] = answers.shift() ?? [200, null];
    const body = JSON.stringify({ title: "No", detail: "Not now.", results: [] });
    return Promise.resolve(new Response(body, { status, headers: after === null ? {} : { "Retry-After": after } }));
  };
  const sleep = (ms: number) => Promise.resolve(void waits.push(ms));
  return { client: new Tidegate("http://gateway.test", { fetch, sleep, ...options }), waits };
}

async function waitsOf(answers: [number, string | null][], ask: (client: Tidegate) => Promise<unknown>) {
  const { client, waits } = told(answers);
  const failed = await ask(client).then(() => null, (error: GatewayProblem) => error.status);
  return [waits, failed];
}

const search = (client: Tidegate) => client.search("tent");
const stream = ": still at work\n\n" + 'event: delta\ndata: {"text":"né\u2028e"}\r\n\r\nevent: tomorrow\ndata: {}\n\n' +
  'event: done\ndata: {"kind":\ndata: "quoted"}\n\n';

/** The events of a stream that comes in pieces of this many bytes; the name of the error where it breaks off. */
async function events(content: string, size: number) {
  const bytes = new TextEncoder().encode(content);
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (let start = 0; start < bytes.length; start += size) controller.enqueue(bytes.slice(start, start + size));
      controller.close();
    },
  });
  const client = new Tidegate("http://gateway.test", { fetch: () => Promise.resolve(new Response(body)) });
  return await Array.fromAsync(client.streamAnswer(question)).catch(nameOf);
}

const whole = JSON.stringify(await events(stream, stream.length + 9));
const sizes = Array.from({ length: stream.length }, (_, index) => index + 1);
console.log(JSON.stringify({
  found: found.map((answer) => answer.results.map((result) => result.id === id)),
  text,
  kinds: [kinds[0], kinds.at(-1)],
  answer: (await ada.answer(question, { limit: 1 })).answer,
  grounded: (await bob.answer(question)).grounded,
  typed: typed.map((answer) => answer?.results.some((result) => result.id === id)),
  broken: await bob.waitForDocument(broken.id).catch((error) => error instanceof DocumentFailed),
  notReady: await bob.addDocument([file("tea.md", "Tea.", "text/markdown")])
    .then((tea) => bob.waitForDocument(tea.id, { timeoutMs: 0 })).catch((error) => error instanceof DocumentNotReady),
  hidden: hidden instanceof GatewayProblem && [hidden.status, hidden.kind],
  wrong: wrong instanceof GatewayProblem && [wrong.kind, wrong.fields[0].pointer],
  embedded: (await ada.embed(["boat", "ship"])).data.length,
  recommended: (await visitor.recommend({ limit: 3 })).recommendations,
  failed: (await bob.getStatus()).failed_documents?.length,
  left: await ada.search("anchor", {}, { signal: left }).catch((error) => error.message),
  retried: await waitsOf([[429, "2"], [503, "1"]], search),
  untold: await waitsOf([[503, null]], search),
  tooLong: await waitsOf([[503, "31"]], search),
  together: await waitsOf([[503, "20"], [503, "20"]], search),
  attempts: await waitsOf([[503, "0"], [503, "0"], [503, "0"]], search),
  addedTwice: await waitsOf([[503, "1"]], (client) => client.addDocument([note])),
  addedLater: await waitsOf([[429, "1"]], (client) => client.addDocument([note])),
  events: JSON.parse(whole),
  differ: (await Promise.all(sizes.map((size) => events(stream, size)))).filter((each) =>
    JSON.stringify(each) !== whole
  ),
  cut: await events(stream.slice(0, 60), 7),
  refused: await events('event: error\ndata: {"detail": "Rights changed."}\n\n', 7),
  kind: AnswerBrokenOff.name,
}));
