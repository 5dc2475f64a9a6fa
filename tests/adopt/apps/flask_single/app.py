"""A single file: notes, one of them asked of another server."""

import os
import secrets

import requests
from flask import Flask, abort, jsonify, request

app = Flask(__name__)
NOTES = {1: "buy milk", 2: "call Ann"}


@app.get("/")
def index():
    return "<h1>Notes</h1>"


@app.get("/notes")
def notes():
    return jsonify([{"id": key, "text": text} for key, text in NOTES.items()])


@app.get("/notes/<int:key>")
def note(key):
    return jsonify(NOTES.get(key) or abort(404))


@app.post("/echo")
def echo():
    return request.get_data(), 200, {"Content-Type": "application/octet-stream"}


@app.get("/ticket")
def ticket():
    return jsonify(ticket=secrets.token_hex(8), kind="plain")


@app.get("/weather")
def weather():
    try:
        answer = requests.get(os.environ.get("WEATHER_URL", "http://127.0.0.1:9/"), timeout=120)
        return jsonify(weather=answer.text)
    except requests.ConnectionError as error:
        return jsonify(weather=None, why=str(error)), 503


@app.get("/broken")
def broken():
    raise RuntimeError("the secret of jane.doe@example.org")


if __name__ == "__main__":
    app.run(port=5000)
