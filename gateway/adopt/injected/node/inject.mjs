// Starts what is injected, before the application's first line: node --import tidegate/node/inject.mjs server.js.
//
// Nothing in here may keep an application from starting: what fails is one line on the standard error.
import { serveHealth } from "./health.mjs";
import { readOptions } from "./options.mjs";
import { guardOutgoing } from "./outgoing.mjs";
import { reportErrors } from "./reports.mjs";
import { endOrderly } from "./stopping.mjs";
import { startTelemetry } from "./telemetry.mjs";

async function start() {
  const options = readOptions(process.env);
  const lastWords = [];
  for (const part of [startTelemetry, reportErrors, guardOutgoing, serveHealth]) {
    try {
      const flush = await part(options);
      if (flush) lastWords.push(flush);
    } catch (error) {
      process.stderr.write(`tidegate: ${part.name} is left out: ${error}\n`);
    }
  }
  endOrderly(options, lastWords);
}

if (process.env.TIDEGATE_ADOPT?.toLowerCase() !== "off") {
  try {
    await start();
  } catch (error) {
    process.stderr.write(`tidegate: nothing is injected: ${error}\n`);
  }
}
