import cors from "cors";
import express from "express";
import pg from "pg";
import { identify } from "./caller.js";
import { Refused, tell } from "./errors.js";
import { products } from "./products.js";
import { reviews } from "./reviews.js";
import { users } from "./users.js";

export function createApp(settings) {
  const pool = new pg.Pool({ ...settings.database, max: 8, connectionTimeoutMillis: 5000 });
  pool.on("error", (error) => console.error(`A connection that was not in use broke: ${error.message}`));
  const app = express();
  app.set("trust proxy", "loopback"); // the gateway alone can be reached
  app.disable("x-powered-by");
  app.locals = { ...app.locals, pool, settings };
  app.use((request, response, next) => {
    if (!settings.hosts.includes(request.hostname)) throw new Refused(400, "This host is none of ALLOWED_HOSTS.");
    if (!request.secure) return response.redirect(301, `https://${request.hostname}${request.originalUrl}`);
    next();
  });
  app.use(cors({ origin: settings.corsOrigins }));
  app.use(express.json({ limit: "64kb" }));
  app.use(identify);
  app.use("/api/products", products);
  app.use("/api/reviews", reviews);
  app.use("/api/me", users);
  app.use(tell);
  return { app, pool };
}
