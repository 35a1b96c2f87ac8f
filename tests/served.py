"""A server that answers as vLLM does, one prompt and one token at a time."""

import json
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import torch


@dataclass
class Reply:
    """body: as it is sent. delay: seconds until then. location: to go to instead."""

    status: int = 200
    body: bytes = b"{}"
    delay: float = 0.0
    location: str = ""


def fault(status: int, message: str) -> Reply:
    """An error as vLLM has it."""
    error = {"message": message, "type": "Error", "param": None, "code": status}
    return Reply(status, json.dumps({"error": error}).encode())


@dataclass
class FakeServer:
    """models: what is served by which name; tokenizer: as transformers has it.
    key: that it wants. change: what is answered in place of the right answer; it gets
    the path, the request and that answer.

    known: the log-probabilities behind each prompt so far; servers may share them.
    asked: the bodies of all requests for completions. keys: that came with requests.
    most: requests that were in flight at once.
    """

    models: dict[str, Any]
    tokenizer: Any
    key: str | None = None
    change: Callable[[str, Any, Any], Any] = lambda path, request, answer: answer
    url: str = ""
    known: dict[tuple, torch.Tensor] = field(default_factory=dict)
    asked: list[dict] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    running: int = 0
    most: int = 0
    lock: Any = field(default_factory=threading.Lock)

    def reply(self, path: str, request: Any, key: str) -> Reply:
        self.keys.append(key)
        if self.key is not None and key != f"Bearer {self.key}":
            return fault(401, "Unauthorized")
        if path == "/v1/models":
            answer = self.listed()
        elif path == "/health":
            answer = Reply(body=b"")
        elif request["model"] in self.models:
            self.asked.append(request)
            answer = self.completed(request)
        else:
            answer = fault(404, f"The model `{request['model']}` does not exist.")
        answer = self.change(path, request, answer)
        if not isinstance(answer, Reply):
            answer = Reply(body=json.dumps(answer).encode())
        return answer

    def listed(self) -> dict:
        """The first model is the base; others are LoRAs on it."""
        base, *loras = self.models
        cards = [{"id": base, "parent": None, "max_model_len": 512}]
        return {"data": cards + [{"id": one, "parent": base} for one in loras]}

    def completed(self, request: dict) -> dict:
        assert request["temperature"] == 0 and request["ignore_eos"]
        assert not request["add_special_tokens"] and request["return_token_ids"]
        assert not request["skip_special_tokens"]
        wanted = request["logprob_token_ids"] or []
        assert request["logprobs"] == len(wanted) <= 128
        prompts = request["prompt"]
        if isinstance(prompts, str):
            prompts = [self.tokenizer.encode(prompts, add_special_tokens=False)]
        choices = [self.choice(request, prompt) for prompt in prompts]
        return {"choices": [{"index": n, **one} for n, one in enumerate(choices)]}

    @torch.inference_mode()
    def choice(self, request: dict, prompt: list[int]) -> dict:
        model, ids, tops, ended = self.models[request["model"]], [], [], "length"
        allowed, text = request["allowed_token_ids"], ""
        while len(ids) < request["max_tokens"] and ended == "length":
            key = (id(model), *prompt, *ids)
            if key not in self.known:
                logits = model(torch.tensor([prompt + ids])).logits[0, -1].float()
                self.known[key] = logits.log_softmax(-1)
            logprobs = self.known[key]
            if allowed is None:
                token = int(logprobs.argmax())
            else:
                token = allowed[int(logprobs[allowed].argmax())]
            told = [token, *(request["logprob_token_ids"] or [])]
            tops.append({f"token_id:{one}": float(logprobs[one]) for one in told})
            ids.append(token)
            if token in request["stop_token_ids"]:
                ended = "stop"
                break
            text = self.tokenizer.decode(ids)
            for stop in request["stop"] or []:
                if stop in text:
                    text, ended = text[: text.index(stop)], "stop"
        return {
            "text": text,
            "token_ids": ids,
            "prompt_token_ids": prompt,
            "finish_reason": ended,
            "logprobs": {"top_logprobs": tops},
        }


@contextmanager
def running(server: FakeServer, port: int = 0):
    """The server, at its `url`. port: 0 is a free one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, request):
            with server.lock:
                server.running += 1
                server.most = max(server.most, server.running)
            reply = server.reply(
                self.path, request, self.headers.get("Authorization", "")
            )
            time.sleep(reply.delay)
            with server.lock:
                server.running -= 1
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                if reply.location:
                    self.send_header("Location", reply.location)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)
            except (BrokenPipeError, ConnectionResetError):
                pass  # nobody waits any more

        def do_GET(self):
            self.answer(None)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            self.answer(json.loads(body or "null"))

        def log_message(self, *_):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
