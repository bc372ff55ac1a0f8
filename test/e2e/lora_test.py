"""LoRA adapters through HTTP and on the command line: side by side, loaded and unloaded while the server runs."""
import http.client
import json
import os
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from adapter_folder import write_adapter
from program import Server, run

PROMPTS = ["Once upon a time", "The king and the sea", "It was a dark night and the captain"]


def call(url, path, body=None):
    """Status and text; a GET without a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def complete(url, model, prompt=PROMPTS[0], **fields):
    status, text = call(url, "/v1/completions", {"model": model, "prompt": prompt, "max_tokens": 24, "temperature": 0,
                                                 "ignore_eos": True, **fields})
    assert status == 200, text
    answer = json.loads(text)
    return answer["choices"][0]["text"], answer["model"]


class Lora(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.first = write_adapter(os.path.join(cls.folder.name, "first"), 1)
        cls.second = write_adapter(os.path.join(cls.folder.name, "second"), 2)
        cls.other_model = write_adapter(os.path.join(cls.folder.name, "other"), 3, width=128)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_two_adapters_and_the_model_side_by_side_say_what_each_says_alone(self):
        with Server("--name", "base") as server:
            alone = {("base", prompt): complete(server.url, "base", prompt)[0] for prompt in PROMPTS}
        for name, folder in (("first", self.first), ("second", self.second)):
            with Server("--name", "base", "--lora", f"{name}={folder}") as server:
                for prompt in PROMPTS:
                    alone[name, prompt] = complete(server.url, name, prompt)[0]
        self.assertEqual(len({alone[name, PROMPTS[0]] for name in ("base", "first", "second")}), 3)

        with Server("--name", "base", "--lora", f"first={self.first}", "--lora", f"second={self.second}",
                    "--parallel", "16") as server:
            together = {}

            def ask(key):
                together[key] = complete(server.url, *key)[0]

            for _ in range(2):  # the second time prefixes are found
                threads = [threading.Thread(target=ask, args=(key,)) for key in alone]
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                self.assertEqual(together, alone)

    def test_adapters_are_listed_named_and_scaled(self):
        with Server("--name", "base", "--lora", f"half={self.first}@0.5", "--lora", f"first={self.first}") as server:
            models = json.loads(call(server.url, "/v1/models")[1])["data"]
            self.assertEqual([model["id"] for model in models], ["base", "half", "first"])
            self.assertEqual(models[1]["parent"], "base")
            self.assertEqual(models[1]["root"], self.first)
            self.assertEqual(json.loads(call(server.url, "/v1/models/first")[1])["id"], "first")
            adapters = json.loads(call(server.url, "/lora-adapters")[1])
            self.assertEqual([(each["name"], each["scale"]) for each in adapters], [("half", 0.5), ("first", 1)])
            ids = {each["name"]: each["id"] for each in adapters}

            half, name = complete(server.url, "half")
            self.assertEqual(name, "half")
            self.assertEqual(complete(server.url, "base", lora=[{"id": ids["first"], "scale": 0.5}]), (half, "base"))
            base = complete(server.url, "base")[0]
            self.assertNotEqual(half, base)
            self.assertEqual(complete(server.url, "base", lora=[{"id": ids["first"], "scale": 0}])[0], base)
            for lora in ([{"id": 99, "scale": 1}], [{"id": 1, "scale": 1}, {"id": 2, "scale": 1}], [{"id": 1}], "first"):
                status, text = call(server.url, "/v1/completions", {"prompt": "a", "lora": lora})
                self.assertEqual(status, 400, text)
                self.assertIn("lora", text)
            page = call(server.url, "/metrics")[1]
            self.assertRegex(page, r"(?m)^sixfold_adapters_loaded{[^}]*} 2$")
            self.assertRegex(page, r'(?m)^vllm:lora_requests_info{[^}]*max_lora="[0-9]+"[^}]*} [0-9.e+]+$')

    def test_an_adapter_is_loaded_and_unloaded_while_the_server_runs(self):
        with Server("--name", "base", "--lora-folder", self.folder.name) as server:
            status, text = call(server.url, "/v1/completions", {"model": "first", "prompt": "a"})
            self.assertEqual(status, 404, text)
            status, text = call(server.url, "/v1/load_lora_adapter", {"lora_name": "first", "lora_path": "first"})
            self.assertEqual(status, 200, text)
            whole = complete(server.url, "first", max_tokens=200)[0]
            self.assertEqual(call(server.url, "/v1/load_lora_adapter",
                                  {"lora_name": "first", "lora_path": self.first})[0], 409)

            client = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=120)
            client.request("POST", "/v1/completions", json.dumps(
                {"model": "first", "prompt": PROMPTS[0], "max_tokens": 200, "temperature": 0, "ignore_eos": True,
                 "stream": True}), {"Content-Type": "application/json"})
            answer = client.getresponse()
            events = [answer.readline()]
            self.assertEqual(call(server.url, "/v1/unload_lora_adapter", {"lora_name": "first"})[0], 200)
            self.assertEqual(call(server.url, "/v1/completions", {"model": "first", "prompt": "a"})[0], 404)
            self.assertEqual(call(server.url, "/v1/unload_lora_adapter", {"lora_name": "first"})[0], 404)
            events += answer.read().splitlines()
            client.close()
            chunks = [json.loads(event[6:]) for event in events if event.startswith(b"data: {")]
            self.assertEqual("".join(chunk["choices"][0]["text"] for chunk in chunks if chunk["choices"]), whole)

    def test_what_clients_may_not_load_is_refused(self):
        load = {"lora_name": "first", "lora_path": self.first}
        with Server() as server:
            for path in ("/v1/load_lora_adapter", "/v1/unload_lora_adapter"):
                status, text = call(server.url, path, load)
                self.assertEqual(status, 403, text)
                self.assertIn("--lora-folder", text)
        inside = os.path.join(self.folder.name, "inside")
        os.mkdir(inside)
        os.symlink(self.first, os.path.join(inside, "link"))
        os.mkdir(os.path.join(inside, "parts"))
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            os.symlink(os.path.join(self.first, name), os.path.join(inside, "parts", name))
        with Server("--lora-folder", inside) as server:
            for path in (self.first, "../first", "link", "parts", "none", "/etc", ""):
                status, text = call(server.url, "/v1/load_lora_adapter", {"lora_name": "first", "lora_path": path})
                self.assertEqual(status, 404, path + text)
                self.assertIn("inside the folder", text)
            self.assertEqual(call(server.url, "/v1/load_lora_adapter", {"lora_name": "first"})[0], 400)
        with Server("--name", "base", "--lora-folder", self.folder.name) as server:
            for name, path, wanted in (("base", "first", 409), ("a b", "first", 400), ("other", "other", None)):
                status, text = call(server.url, "/v1/load_lora_adapter", {"lora_name": name, "lora_path": path})
                self.assertIn(status, (wanted,) if wanted else range(400, 600), text)
            self.assertIn("shape [4, 128], want [1 to 4096, 256]", text)

    def test_the_command_line_takes_adapters_too(self):
        def say(*arguments):
            done = run("run", "--tokens", "16", "--temperature", "0", "--no-stats", *arguments, PROMPTS[0])
            self.assertEqual(done.returncode, 0, done.stderr)
            return done.stdout

        base = say()
        self.assertNotEqual(say("--lora", f"first={self.first}"), base)
        self.assertEqual(say("--lora", f"{self.first}@0"), base)
        done = run("run", "--lora", f"x={self.other_model}", PROMPTS[0])
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(b"lora_a: shape [4, 128], want [1 to 4096, 256] for this model", done.stderr)
        done = run("run", self.first, PROMPTS[0])
        self.assertIn(b"want a model, got a LoRA adapter", done.stderr)


if __name__ == "__main__":
    unittest.main()
