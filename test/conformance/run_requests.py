"""What a Python program with nothing but the requests library sees: chat, streams read line by line, errors.  Exit 77
(skipped) without python3-requests.

usage: run_requests.py --program build/release/bin/sixfold
"""
import argparse
import json
import sys
import unittest

from running_server import RunningServer

try:
    import requests
except ImportError:
    print("skipped: python3-requests is not installed")
    sys.exit(77)

CHAT = {"model": "default", "messages": [{"role": "user", "content": "Once upon a time"}], "max_tokens": 16,
        "temperature": 0}


class Requests(unittest.TestCase):
    url = None

    def setUp(self):
        self.session = requests.Session()
        self.addCleanup(self.session.close)

    def post(self, path, body, **more):
        return self.session.post(self.url + path, json=body, timeout=120, **more)

    def chat_text(self):
        return self.post("/v1/chat/completions", CHAT).json()["choices"][0]["message"]["content"]

    def test_chat(self):
        answer = self.post("/v1/chat/completions", CHAT)
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Content-Type"], "application/json")
        self.assertTrue(answer.headers["X-Request-Id"])
        document = answer.json()
        self.assertEqual(document["usage"]["total_tokens"],
                         document["usage"]["prompt_tokens"] + document["usage"]["completion_tokens"])

    def test_one_connection_serves_many_requests(self):
        texts = {self.chat_text() for _ in range(5)}
        self.assertEqual(len(texts), 1)
        pools = self.session.get_adapter(self.url).poolmanager.pools
        self.assertEqual([pools[key].num_connections for key in pools.keys()], [1])

    def test_server_sent_events_line_by_line(self):
        with self.post("/v1/chat/completions", {**CHAT, "stream": True}, stream=True) as answer:
            self.assertEqual(answer.headers["Content-Type"], "text/event-stream")
            lines = [line for line in answer.iter_lines(decode_unicode=True) if line]
        self.assertTrue(all(line.startswith("data: ") for line in lines), lines)
        self.assertEqual(lines[-1], "data: [DONE]")
        chunks = [json.loads(line[len("data: "):]) for line in lines[:-1]]
        text = "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks)
        self.assertEqual(text, self.chat_text())

    def test_objects_line_by_line(self):
        body = {"messages": CHAT["messages"], "options": {"num_predict": 16, "temperature": 0}}
        with self.post("/api/chat", body, stream=True) as answer:
            self.assertEqual(answer.headers["Content-Type"], "application/x-ndjson")
            parts = [json.loads(line) for line in answer.iter_lines()]
        self.assertEqual([part["done"] for part in parts], [False] * (len(parts) - 1) + [True])
        self.assertEqual("".join(part["message"]["content"] for part in parts), self.chat_text())

    def test_leaving_a_stream_in_the_middle_leaves_the_server_well(self):
        body = {**CHAT, "max_tokens": 400, "stream": True, "ignore_eos": True}
        with self.post("/v1/chat/completions", body, stream=True) as answer:
            next(answer.iter_lines())
        self.assertEqual(self.session.get(self.url + "/readyz", timeout=60).status_code, 200)
        self.chat_text()

    def test_errors(self):
        for path, body, status in (("/v1/chat/completions", {**CHAT, "temperature": 99}, 400),
                                   ("/v1/chat/completions", {**CHAT, "model": "nothing"}, 404),
                                   ("/v1/completions", {}, 400), ("/predict", {}, 422), ("/nothing", {}, 404)):
            answer = self.post(path, body)
            self.assertEqual(answer.status_code, status, path)
            self.assertTrue(answer.json()["error"]["message"], path)
            with self.assertRaises(requests.HTTPError):
                answer.raise_for_status()
        answer = self.post("/api/generate", {"promt": "a"})
        self.assertEqual((answer.status_code, type(answer.json()["error"])), (400, str))
        answer = self.session.post(self.url + "/v1/completions", data=b"\xff{", timeout=60)
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.session.put(self.url + "/v1/completions", timeout=60).headers["Allow"], "POST")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    arguments = parser.parse_args()
    with RunningServer(arguments.program) as server:
        Requests.url = server.url
        result = unittest.TextTestRunner(verbosity=2).run(unittest.defaultTestLoader.loadTestsFromTestCase(Requests))
    if server.exit_code != 0:
        print(f"the server ended with {server.exit_code}:\n{server.log()}")
    sys.exit(0 if result.wasSuccessful() and result.testsRun > 0 and server.exit_code == 0 else 1)


if __name__ == "__main__":
    main()
