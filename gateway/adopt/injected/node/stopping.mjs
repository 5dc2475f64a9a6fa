// SIGTERM: take no more connections, let requests end, send what is left to be sent. An application that handles it
// itself is left to do so.
import http from "node:http";
import net from "node:net";

const GRACE_MS = 25_000;
const LAST_WORDS_MS = 2_000;

export function endOrderly(options, lastWords) {
  const servers = new Set();
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (...given) {
    if (this instanceof http.Server || "setTimeout" in this) servers.add(this);
    return listen.apply(this, given);
  };

  async function end() {
    const flushed = Promise.allSettled(lastWords.map((flush) => flush()));
    await Promise.race([flushed, new Promise((resolve) => setTimeout(resolve, LAST_WORDS_MS).unref())]);
  }

  process.on("SIGTERM", async () => {
    if (process.listenerCount("SIGTERM") > 1) return;
    setTimeout(() => process.exit(1), GRACE_MS).unref();
    const closing = [...servers].map((server) => new Promise((resolve) => server.close(resolve)));
    for (const server of servers) server.closeIdleConnections?.();
    await Promise.all(closing);
    await end();
    process.exit(0);
  });
  process.once("beforeExit", end);
}
