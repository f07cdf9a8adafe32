"""An OpenAI-compatible server on loopback that does what a test tells it to, well-behaved or not."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Script:
    """What the server does with the next requests, one entry each (the last one for all that follow), and what it got.

    An entry is a list of steps: a text is sent as a chunk; ("status", code, message), ("wait", seconds), less where
    an Event behind them is set, ("cut",), ("raw", line), ("forever", text), and ("stop", reason) for the end of a
    stream; without one it ends with "stop".
    """

    def __init__(self) -> None:
        self.entries: list[list[Any]] = [["好。"]]
        self.requests: list[dict[str, Any]] = []
        self.address = ""

    def says(self, *entries: list[Any]) -> None:
        self.entries = list(entries)

    def next_entry(self) -> list[Any]:
        return self.entries.pop(0) if len(self.entries) > 1 else self.entries[0]


def chunk(text: str | None, reason: str | None = None) -> str:
    delta = {} if text is None else {"role": "assistant", "content": text}
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    return "data: " + json.dumps(
        {"id": "x", "object": "chat.completion.chunk", "created": 0, "model": "m", "choices": [choice]}
    )


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_POST(self) -> None:
        script: Script = self.server.script
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script.requests.append(body | {"authorization": self.headers.get("Authorization", "")})
        steps = script.next_entry()
        self.close_connection = True
        if steps and isinstance(steps[0], tuple) and steps[0][0] == "status":
            _, code, message = steps[0]
            data = json.dumps({"error": {"message": message, "type": "x", "code": code}}).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client has gone, as it should
            if self.path.endswith("/responses"):
                self.respond(steps)
            else:
                self.perform(steps)

    def respond(self, steps: list[Any]) -> None:
        """The texts and ("stop", reason) as OpenAI's Responses API has them."""
        *texts, (_, ended) = steps
        response = {"id": "r", "object": "response", "created_at": 1, "model": "m", "output": [], "tools": []}
        response |= {"parallel_tool_calls": True, "tool_choice": "auto"}
        place = {"item_id": "m", "output_index": 0, "content_index": 0, "logprobs": []}
        events = [("created", {"response": response | {"status": "in_progress"}})]
        events += [("output_text.delta", place | {"delta": text}) for text in texts]
        events += [(ended, {"response": response | {"status": ended}})]
        for number, (kind, data) in enumerate(events):
            event = {"type": f"response.{kind}", "sequence_number": number} | data
            self.line(f"event: response.{kind}\ndata: {json.dumps(event)}")

    def line(self, text: str) -> None:
        self.wfile.write((text + "\n\n").encode())
        self.wfile.flush()

    def perform(self, steps: list[Any]) -> None:
        reason: str | None = "stop"
        for step in steps:
            match step:
                case str():
                    self.line(chunk(step))
                case ("wait", seconds, *events):
                    [*events, threading.Event()][0].wait(seconds)
                case ("raw", line):
                    self.line(line)
                case ("forever", text):
                    while True:
                        self.line(chunk(text))
                        time.sleep(0.02)
                case ("cut",):
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                case ("stop", other):
                    reason = other
        if reason:
            self.line(chunk(None, reason))
        self.line("data: [DONE]")


@contextmanager
def scripted_server() -> Iterator[Script]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.script = script = Script()
    script.address = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
