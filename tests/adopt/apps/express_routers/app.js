// A module that exports the application; bin/www listens.
import express from "express";

import { boats } from "./routes/boats.js";

export const app = express();
app.use("/boats", boats);
app.get("/health", (request, response) => response.json({ ok: true }));
