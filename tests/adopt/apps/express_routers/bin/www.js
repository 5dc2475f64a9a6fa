import http from "node:http";

import { app } from "../app.js";

http.createServer(app).listen(Number(process.env.PORT ?? 8080));
