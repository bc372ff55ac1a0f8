"""Interfaces of other servers, where they need a model or a hub of their own: filling in the middle, and models that
clients download and remove."""
import http.client
import json
import threading
import unittest
import urllib.error
import urllib.request

from program import Server, builtin_with
from pull_test import GGUF, PullTest, builtin_bytes


def call(url, path, body=None, method=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def ask(url, path, body=None):
    status, text = call(url, path, body)
    return status, json.loads(text)


class FillsInTheMiddle(PullTest):
    """The built-in model was not trained for it, but with three of its tokens named as marks it is asked all the same."""

    PREFIX, SUFFIX, MIDDLE = 300, 301, 302

    def setUp(self):
        super().setUp()
        self.file = self.path("infill.gguf")
        builtin_with(self.file, {"tokenizer.ggml.fim_pre_token_id": self.PREFIX,
                                 "tokenizer.ggml.fim_suf_token_id": self.SUFFIX,
                                 "tokenizer.ggml.fim_mid_token_id": self.MIDDLE})

    def test_all_dialects_ask_the_model_the_same(self):
        with Server(self.file) as server:
            def ids(text):
                return ask(server.url, "/tokenize", {"content": text, "add_special": False})[1]["tokens"]

            begin = ask(server.url, "/tokenize", {"content": "", "add_special": True})[1]["tokens"]
            prompt = [*begin, self.PREFIX, *ids("Once upon"), self.SUFFIX, *ids(" the end."), self.MIDDLE]
            limits = {"max_tokens": 12, "temperature": 0}
            status, wanted = ask(server.url, "/v1/completions", {"prompt": prompt, **limits})
            self.assertEqual(status, 200, wanted)
            text = wanted["choices"][0]["text"]
            _, completion = ask(server.url, "/v1/completions",
                                {"prompt": "Once upon", "suffix": " the end.", **limits})
            self.assertEqual(completion["choices"][0]["text"], text)
            self.assertEqual(completion["usage"]["prompt_tokens"], len(prompt))
            fields = {"input_prefix": "Once upon", "input_suffix": " the end.", "n_predict": 12, "temperature": 0}
            _, infill = ask(server.url, "/infill", fields)
            self.assertEqual(infill["content"], text)
            self.assertEqual(infill["tokens_evaluated"], len(prompt))
            _, stream = call(server.url, "/infill", {**fields, "stream": True})
            events = [json.loads(line[len("data: "):]) for line in stream.split("\n\n") if line]
            self.assertEqual("".join(event["content"] for event in events), text)
            self.assertTrue(events[-1]["stop"])
            _, ollama = ask(server.url, "/api/generate", {"prompt": "Once upon", "suffix": " the end.", "stream": False,
                                                          "options": {"num_predict": 12, "temperature": 0}})
            self.assertEqual(ollama["response"], text)
            self.assertIn("insert", ask(server.url, "/api/show", {"model": "default"})[1]["capabilities"])

    def test_other_files_and_a_beginning_of_the_middle_are_read(self):
        with Server(self.file) as server:
            fields = {"input_prefix": "a", "input_suffix": "b", "n_predict": 1}
            alone = ask(server.url, "/infill", fields)[1]["tokens_evaluated"]
            more = ask(server.url, "/infill", {**fields, "prompt": "cc",
                                               "input_extra": [{"filename": "f", "text": "some text"}]})[1]
            self.assertGreater(more["tokens_evaluated"], alone)


class ManagedModels(PullTest):
    def server(self, *arguments):
        return Server(*arguments, environment=self.environment())

    def test_a_model_is_pulled_listed_and_removed(self):
        self.repository()
        with self.server("--manage-models") as server:
            status, text = call(server.url, "/api/pull", {"model": f"hf.co/org/name/{GGUF}"})
            self.assertEqual(status, 200)
            lines = [json.loads(line) for line in text.splitlines()]
            self.assertEqual(lines[0], {"status": "pulling manifest"})
            self.assertEqual(lines[-1], {"status": "success"}, lines)
            progress = [line for line in lines if "completed" in line]
            self.assertTrue(progress)
            self.assertEqual(progress[-1]["total"], len(builtin_bytes()))
            self.assertTrue(progress[-1]["digest"].startswith("sha256:"))
            names = [model["name"] for model in ask(server.url, "/api/tags")[1]["models"]]
            self.assertEqual(names, ["sixfold-tiny", f"hf.co/org/name/{GGUF}"])
            self.assertEqual(call(server.url, "/api/generate", {"model": names[1], "prompt": "a"})[0], 404)
            self.assertEqual(call(server.url, "/api/delete", {"model": names[1]}, "DELETE"), (200, ""))
            self.assertEqual(len(ask(server.url, "/api/tags")[1]["models"]), 1)
            self.assertEqual(call(server.url, "/api/delete", {"model": names[1]}, "DELETE")[0], 404)
            self.assertEqual(call(server.url, "/api/delete", {"model": "sixfold-tiny"}, "DELETE")[0], 400)
            self.assertEqual(server.stop(), 0)

    def test_what_the_hub_lacks_is_an_error(self):
        with self.server("--manage-models") as server:
            status, answer = ask(server.url, "/api/pull", {"model": "hf:org/nothing", "stream": False})
            self.assertEqual(status, 404, answer)
            _, text = call(server.url, "/api/pull", {"model": "hf:org/nothing"})
            self.assertIn("error", json.loads(text.splitlines()[-1]))

    def test_clients_reach_no_other_servers(self):
        with self.server("--manage-models") as server:
            for name in ("https://127.0.0.1:1/model.gguf", "http://127.0.0.1:1/model.gguf", "s3:bucket/key",
                         "oci:127.0.0.1:1/a/b", "mlflow:m", "file:/etc/passwd", "ollama:127.0.0.1:1/me/model",
                         "127.0.0.1:1/me/model", "other.example/me/model", "ftp://x/y"):
                status, answer = ask(server.url, "/api/pull", {"model": name})
                self.assertIn(status, (400, 403), name)
                self.assertIsInstance(answer["error"], str)
            self.assertEqual(ask(server.url, "/api/pull", {"model": "../../etc/passwd"})[0], 400)
        self.assertEqual(self.hub.requests, [])

    def test_a_client_that_leaves_stops_its_download_and_the_server_too(self):
        self.repository()
        with self.server("--manage-models", "--drain-timeout", "1") as server:
            self.hub.gate = threading.Event()
            client = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
            client.request("POST", "/api/pull", json.dumps({"model": f"hf:org/name/{GGUF}"}))
            answer = client.getresponse()
            self.assertEqual(json.loads(answer.readline())["status"], "pulling manifest")
            self.assertTrue(self.hub.half_sent.wait(60))
            client.close()
            answer.close()
            self.hub.gate.set()
            self.assertEqual(server.stop(), 0)


if __name__ == "__main__":
    unittest.main()
