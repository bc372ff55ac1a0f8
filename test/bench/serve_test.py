"""bench/serve against our own server, and against one that speaks llama.cpp's own format."""
import json
import os
import stat
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SIXFOLD_PROGRAM"]
SOURCE_DIR = os.environ["SIXFOLD_SOURCE_DIR"]
SERVE = os.path.join(SOURCE_DIR, "bench", "serve")
BUILTIN = os.path.join(SOURCE_DIR, "models", "sixfold-tiny.gguf")

# Three pieces of text for four tokens: what counts is what the server says it used.
LLAMA_SERVER = '''#!/usr/bin/env python3
import http.server, json, sys
if "--help" in sys.argv:
    print("-fa,  --flash-attn [on|off|auto]")
    sys.exit(0)
if "--version" in sys.argv:
    print("version: 7 (abc)")
    sys.exit(0)
assert sys.argv[sys.argv.index("-fa") + 1] == "on" and "-rtr" not in sys.argv
class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *unused): pass
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert body["stream"] and body["ignore_eos"] and body["temperature"] == 0
        self.send_response(200)
        self.end_headers()
        for piece in ({"content": "a"}, {"content": ""}, {"content": "b"}, {"content": "c"},
                      {"content": "", "tokens_predicted": 4, "tokens_evaluated": 9}):
            self.wfile.write(b"data: " + json.dumps(piece).encode() + b"\\n\\n")
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
'''


class Serve(unittest.TestCase):
    def test_measures_every_server_with_the_same_client(self):
        with tempfile.TemporaryDirectory() as folder:
            peer = os.path.join(folder, "peer", "bin", "llama-server")
            os.makedirs(os.path.dirname(peer))
            with open(peer, "w", encoding="utf-8") as file:
                file.write(LLAMA_SERVER)
            os.chmod(peer, stat.S_IRWXU)
            out = os.path.join(folder, "out.jsonl")
            command = [SERVE, "--program", PROGRAM, "--model", BUILTIN, "--peer", os.path.join(folder, "peer"), "--clients",
                       "1,3", "--requests", "2", "--prompt", "20", "--generate", "12", "--prefix-tokens", "100", "--threads",
                       "1", "--repetition-tokens", "24", "--repetition-pairs", "1", "--starts", "2", "--out", out]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
                                  env={**os.environ, "SIXFOLD_READ_MIB": "16"})
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(out, encoding="utf-8") as file:
                lines = [json.loads(line) for line in file]
            again = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
            self.assertEqual(again.stderr, "", "nothing is left to measure")
        self.assertEqual(lines[0]["versions"]["peer"], "version: 7 (abc)")
        runs = [line for line in lines if line["type"] == "run"]
        self.assertEqual([run.get("error") for run in runs], [None] * 8)
        loads = {(run["clients"], run["contestant"]): run for run in runs if run["suite"] == "serve"}
        for clients in (1, 3):
            ours, theirs = loads[clients, "sixfold"], loads[clients, "peer"]
            self.assertEqual((ours["requests"], ours["tokens"]), (2 * clients, 2 * clients * 12))
            self.assertEqual((theirs["requests"], theirs["tokens"]), (2 * clients, 2 * clients * 4))
            self.assertGreater(ours["prompt_tokens"], 20)
            self.assertGreater(ours["memory_most_mib"], 0)
            self.assertGreater(ours["start_seconds"], 0)
            for name in ("first_ms", "between_ms"):
                self.assertLessEqual(ours[name]["p50"], ours[name]["p95"])
                self.assertLessEqual(ours[name]["p95"], ours[name]["p99"])
        repetition = next(run for run in runs if run["suite"] == "repetition")
        self.assertEqual([len(pairs) for pairs in repetition["pairs"].values()], [1, 1])
        starts = next(run for run in runs if run["suite"] == "start")["starts"]
        self.assertEqual({server: len(times) for server, times in starts.items()},
                         {"sixfold, first start": 1, "sixfold, next starts": 2, "peer": 2})
        prefixes = {run["contestant"]: run for run in runs if run["suite"] == "prefix"}
        self.assertGreater(prefixes["sixfold"]["second_to_first"], 0)

    def test_a_server_that_ends_is_noted(self):
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.jsonl")
            model = os.path.join(folder, "none.gguf")
            done = subprocess.run([SERVE, "--program", PROGRAM, "--model", model, "--clients", "1", "--threads", "1", "--out",
                                   out], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("no such file", done.stderr)


if __name__ == "__main__":
    unittest.main()
