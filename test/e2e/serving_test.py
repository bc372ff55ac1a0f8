"""The server as an operator meets it: signals, ports, configuration, limits."""
import http.client
import json
import os
import signal
import socket
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from program import Server, run


def get(url, path):
    try:
        with urllib.request.urlopen(url + path, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def complete(url, **fields):
    body = json.dumps({"prompt": "Once upon a time", "max_tokens": 8, "temperature": 0, **fields}).encode()
    request = urllib.request.Request(url + "/v1/completions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


class Serving(unittest.TestCase):
    def test_answers_and_stops_cleanly(self):
        with Server() as server:
            self.assertEqual(get(server.url, "/readyz")[0], 200)
            self.assertEqual(complete(server.url)["usage"]["completion_tokens"], 8)
            self.assertEqual(server.stop(), 0)

    def test_ctrl_c_stops_cleanly_too(self):
        with Server() as server:
            self.assertEqual(server.stop(signal.SIGINT), 0)

    def test_sigterm_lets_a_running_stream_finish(self):
        with Server("--pre-stop", "2") as server:
            host = server.url.removeprefix("http://")
            client = http.client.HTTPConnection(host, timeout=120)
            client.request("POST", "/v1/completions", json.dumps(
                {"prompt": "The", "max_tokens": 300, "stream": True, "ignore_eos": True, "temperature": 0}),
                {"Content-Type": "application/json"})
            answer = client.getresponse()
            first = answer.readline()
            self.assertTrue(first.startswith(b"data: "), first)
            server.process.send_signal(signal.SIGTERM)
            # The process says not ready at once, while it still accepts.
            status, _ = get(server.url, "/readyz")
            while status == 200:
                status, _ = get(server.url, "/readyz")
            self.assertEqual(status, 503)
            rest = answer.read()
            self.assertIn(b"data: [DONE]", rest)
            self.assertIn(b'"finish_reason":"length"', rest)
            client.close()
            server.process.stderr.read()
            self.assertEqual(server.process.wait(60), 0)

    def test_busy_port_is_one_clear_line(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            done = run("serve", "--port", str(port))
            self.assertEqual(done.returncode, 69)
            last = done.stderr.decode().strip().splitlines()[-1]
            self.assertIn(str(port), last)
            self.assertIn("--port", last)

    def test_flag_wins_over_environment_wins_over_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "sixfold.yaml")
            with open(path, "w", encoding="utf-8") as file:
                file.write("apiVersion: sixfold/v1\nname: from-file\nserve: {context: 64, parallel: 3}\n")

            def name_and_context(server):
                model = json.loads(get(server.url, "/v1/models")[1])["data"][0]
                return model["id"], model["max_model_len"]

            with Server("--config", path) as server:
                self.assertEqual(name_and_context(server), ("from-file", 64))
            with Server("--config", path, environment={"SIXFOLD_CONTEXT": "96"}) as server:
                self.assertEqual(name_and_context(server), ("from-file", 96))
            with Server("--config", path, "--context", "128", "--name", "flag",
                        environment={"SIXFOLD_CONTEXT": "96"}) as server:
                self.assertEqual(name_and_context(server), ("flag", 128))

    def test_a_wrong_configuration_names_the_line(self):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write("apiVersion: sixfold/v1\nserve:\n  prot: 1\n")
            file.flush()
            done = run("serve", "--config", file.name)
            self.assertEqual(done.returncode, 65)
            self.assertIn(b':3: unknown key "prot" in serve; did you mean "port"?', done.stderr)

    def test_greedy_answers_are_the_same_alone_and_among_31_others(self):
        with Server("--parallel", "32", "--kv-tokens", "16384") as server:
            prompts = [f"Chapter {number}. The {word}" for number in range(8)
                       for word in ("king", "sea", "whale", "witch")]
            alone = [complete(server.url, prompt=prompt, max_tokens=24)["choices"][0]["text"] for prompt in prompts]
            together = [None] * len(prompts)

            def ask(index):
                together[index] = complete(server.url, prompt=prompts[index], max_tokens=24)["choices"][0]["text"]

            threads = [threading.Thread(target=ask, args=(index,)) for index in range(len(prompts))]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(together, alone)

    def test_metrics_show_queue_running_and_cache(self):
        with Server() as server:
            complete(server.url)
            page = get(server.url, "/metrics")[1].decode()
            for name in ("sixfold_requests_waiting", "sixfold_requests_running", "sixfold_kv_usage_ratio",
                         "vllm:num_requests_running", "vllm:num_requests_waiting", "vllm:kv_cache_usage_perc"):
                self.assertRegex(page, rf"(?m)^{name}{{[^}}]*}} [0-9.e+-]+$")
            self.assertRegex(page, r'sixfold_kv_pages{[^}]*state="cached"[^}]*} [0-9]+')

    def test_a_second_request_reuses_the_first_ones_prefix(self):
        with Server() as server:
            prompt = "It was the best of times, it was the worst of times, " * 8
            first = complete(server.url, prompt=prompt)
            second = complete(server.url, prompt=prompt)
            self.assertEqual(first["usage"]["prompt_tokens_details"]["cached_tokens"], 0)
            self.assertGreater(second["usage"]["prompt_tokens_details"]["cached_tokens"], 32)
            self.assertEqual(first["choices"][0]["text"], second["choices"][0]["text"])


if __name__ == "__main__":
    unittest.main()
