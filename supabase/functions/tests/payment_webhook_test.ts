/** The payment webhook before a server that stands where the Data API would. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createHandler, surroundings } from "../payment-webhook/handler.ts";
import type { Handler } from "../_shared/endpoint.ts";
import { deadUrl, serve, urlOf } from "./servers.ts";

const OLD = "whsec_an_old_secret", NEW = "whsec_a_new_secret";
const NOW = 1_796_000_000;
const EVENT = {
  id: "evt_1",
  type: "charge.succeeded",
  data: { order_id: "o", id: 7, amount: "19.90", currency: "EUR" },
};

function signed(body: string, { secret = NEW, at = NOW, name = "v1" } = {}): string {
  return `t=${at},${name}=${createHmac("sha256", secret).update(`${at}.${body}`).digest("hex")}`;
}

function tell(body: BodyInit, signature?: string): Request {
  const headers = { "content-type": "application/json", ...signature ? { "payment-signature": signature } : {} };
  return new Request("http://localhost/payment-webhook", { method: "POST", body, headers });
}

type Seen = [string, string, Record<string, string | null>];

/** Runs `test` with the function before a Data API that answers so, or that is not there. */
async function withWebhook(
  answer: (() => Response) | undefined,
  test: (handler: Handler, seen: Seen[]) => Promise<void>,
  secretKey = "sb_secret_x",
): Promise<void> {
  const seen: Seen[] = [];
  const server = answer && serve(async (request) => {
    const headers = Object.fromEntries(["apikey", "authorization"].map((name) => [name, request.headers.get(name)]));
    seen.push([new URL(request.url).pathname, await request.text(), headers]);
    return answer();
  });
  const supabaseUrl = server ? urlOf(server) : deadUrl();
  const limits = { dataApiTimeoutMs: 20_000, resetMs: 60_000, toleranceS: 300 };
  try {
    await test(createHandler({ supabaseUrl, secretKey, secrets: [NEW, OLD], now: () => NOW, ...limits }), seen);
  } finally {
    await server?.shutdown();
  }
}

const settled = () => Response.json({ outcome: "settled" });

Deno.test("a signed event reaches the database with the secret key, numbers as they are written", async () => {
  await withWebhook(settled, async (handler, seen) => {
    const body = '{"id": "evt_1", "type": "charge.succeeded", "data": {"id": 12345678901234567890, "amount": 19.90}}';
    const response = await handler(tell(body, signed(body)));
    assert.deepEqual([response.status, await response.json()], [200, { outcome: "settled" }]);
    const sent = '{"event":{"id":"evt_1","type":"charge.succeeded","data":{"id":12345678901234567890,"amount":19.90}}}';
    const headers = { apikey: "sb_secret_x", authorization: null };
    assert.deepEqual(seen, [["/rest/v1/rpc/receive_payment_event", sent, headers]]);
  });
  await withWebhook(settled, async (handler, seen) => {
    const body = JSON.stringify(EVENT);
    await (await handler(tell(body, signed(body)))).text();
    assert.deepEqual(seen[0][2], { apikey: "a.b.c", authorization: "Bearer a.b.c" });
  }, "a.b.c");
});

Deno.test("while one secret replaces the other, both sign", async () => {
  await withWebhook(settled, async (handler) => {
    const body = JSON.stringify(EVENT);
    const [ofOld, ofNew] = [OLD, NEW].map((secret) => signed(body, { secret }));
    const both = `${ofOld},v1=${"0".repeat(64)},${ofNew.split(",")[1]}`;
    for (const signature of [ofOld, ofNew, both, signed(body, { at: NOW - 299 }), signed(body, { at: NOW + 299 })]) {
      const response = await handler(tell(body, signature));
      assert.equal(response.status, 200, await response.text());
    }
  });
});

Deno.test("what is not signed, or not these bytes, or not now reaches no database", async () => {
  const body = JSON.stringify(EVENT);
  const good = signed(body);
  const bad = [
    undefined,
    "",
    good.replace("t=", "t=x"),
    good.split(",")[1],
    good.split(",")[0],
    good.slice(0, -1),
    good.replace(`${NOW}`, `${NOW + 1}`),
    signed(`${body} `),
    signed(body, { secret: "whsec_somebody_elses" }),
    signed(body, { name: "v0" }),
    signed(body, { at: NOW - 301 }),
    signed(body, { at: NOW + 301 }),
  ];
  await withWebhook(settled, async (handler, seen) => {
    for (const signature of bad) {
      const response = await handler(tell(body, signature));
      assert.deepEqual([response.status, response.headers.get("www-authenticate")], [401, "Payment-Signature"]);
      await response.body?.cancel();
    }
    assert.deepEqual(seen, []);
  });
});

Deno.test("a signed body that is no event is refused", async () => {
  const bodies: [string, number][] = [["{", 400], ["[]", 422], ['{"type": "x"}', 422], ['{"id": 5, "type": "x"}', 422]];
  await withWebhook(settled, async (handler, seen) => {
    for (const [body, status] of bodies) {
      const response = await handler(tell(body, signed(body)));
      assert.equal(response.status, status, await response.text());
    }
    assert.deepEqual(seen, []);
  });
});

Deno.test("text that PostgreSQL cannot store is stored without what it cannot", async () => {
  await withWebhook(() => Response.json({ outcome: "review" }), async (handler, seen) => {
    const body = String.raw`{"id": "evt_1", "type": "x", "a\u0000": ["\u0000b \\u0000 \ud800 \ud83c\udf0a", 1e400]}`;
    assert.deepEqual(await (await handler(tell(body, signed(body)))).json(), { outcome: "review" });
    const sent = String.raw`{"event":{"id":"evt_1","type":"x","a":["b \\u0000 � 🌊",1e400]}}`;
    assert.equal(seen[0][1], sent);
  });
});

Deno.test("an event that could not be kept is to be sent again", async () => {
  const answers = [undefined, () => Response.json({ code: "57014" }, { status: 500 }), () => new Response("<h1>")];
  for (const answer of answers) {
    await withWebhook(answer, async (handler) => {
      const body = JSON.stringify(EVENT);
      const response = await handler(tell(body, signed(body)));
      assert.deepEqual([response.status, response.headers.get("retry-after")], [503, "2"]);
      await response.body?.cancel();
    });
  }
});

Deno.test("the environment names one secret, or two", () => {
  const hosted = { SUPABASE_URL: "https://project.example", SUPABASE_SECRET_KEYS: '{"default":"sb_secret_x"}' };
  const of = (secrets?: string) =>
    surroundings((name) => ({ ...hosted, PAYMENT_WEBHOOK_SECRETS: secrets })[name as keyof typeof hosted]);
  assert.deepEqual(of(`${NEW}, ${OLD}`).secrets, [NEW, OLD]);
  assert.equal(of(NEW).secretKey, "sb_secret_x");
  for (const secrets of [undefined, "", "short", `${NEW},${OLD},${OLD}`]) {
    assert.throws(() => of(secrets), /PAYMENT_WEBHOOK_SECRETS must be/);
  }
});
