import { Router } from "express";

export const boats = Router();
boats.get("/", (request, response) => response.json(["Ketch", "Yawl"]));
boats.get("/:name", (request, response) => response.json({ name: request.params.name }));
