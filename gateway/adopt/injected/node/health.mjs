// GET /healthz on a port of its own: 200 while the application's port takes connections, else 503.
import http from "node:http";
import net from "node:net";

const ANSWERS_WITHIN_MS = 1000;

function isListening(port) {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "127.0.0.1", timeout: ANSWERS_WITHIN_MS });
    const end = (result) => () => {
      socket.destroy();
      resolve(result);
    };
    socket.once("connect", end(true)).once("error", end(false)).once("timeout", end(false));
  });
}

export function serveHealth(options) {
  if (options.healthPort === null || options.port === null) return;
  const server = http.createServer(async (request, response) => {
    const isKnown = request.url === "/healthz";
    const isWell = isKnown && (await isListening(options.port));
    response.writeHead(isWell ? 200 : isKnown ? 503 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(isKnown ? { status: isWell ? "ok" : "unavailable" } : {}));
  });
  server.on("error", () => {}); // another process of the application has the port, and answers
  server.listen(options.healthPort);
  server.unref();
}
