import { createApp } from "./shop/app.js";
import { settings } from "./shop/settings.js";

const { app, pool } = createApp(settings());
const server = app.listen(Number(process.env.PORT ?? 3000), "127.0.0.1");

process.once("SIGTERM", () => server.close(() => pool.end()));
