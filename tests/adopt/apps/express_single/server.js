// A single file: tasks, one of them asked of another server.
const express = require("express");

const app = express();
const tasks = [{ id: 1, title: "sail" }];

app.get("/", (request, response) => response.send("<h1>Tasks</h1>"));
app.get("/tasks", (request, response) => response.json(tasks));
app.get("/tasks/:id", (request, response) => response.json(tasks[request.params.id - 1] ?? null));
app.get("/weather", async (request, response) => {
  try {
    const answer = await fetch(process.env.WEATHER_URL ?? "http://127.0.0.1:9/");
    response.json({ weather: await answer.text() });
  } catch (error) {
    response.status(503).json({ weather: null, why: String(error.cause?.message ?? error) });
  }
});
app.get("/broken", () => {
  throw new Error("the secret of jane.doe@example.org");
});

app.listen(process.env.PORT || 3000);
