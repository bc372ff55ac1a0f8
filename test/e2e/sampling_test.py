"""What a model file recommends for sampling is followed where nobody says otherwise."""
import json
import os
import tempfile
import unittest
import urllib.request

from program import Server, builtin_with_sampling, run

PROMPT = "Once upon a time"


def complete(url, **fields):
    body = json.dumps({"prompt": PROMPT, "max_tokens": 24, **fields}).encode()
    request = urllib.request.Request(url + "/v1/completions", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["choices"][0]["text"]


class Sampling(unittest.TestCase):
    def setUp(self):
        work = tempfile.TemporaryDirectory()
        self.addCleanup(work.cleanup)
        self.model = os.path.join(work.name, "model.gguf")
        # Only the likeliest token: greedy, whatever the temperature.
        builtin_with_sampling(self.model, {"temp": 0.5, "top_k": 1})
        self.greedy = run("run", PROMPT, "-n", "24", "--temperature", "0").stdout.decode()

    def text_of(self, *arguments, environment=None):
        done = run("run", self.model, PROMPT, "-n", "24", *arguments, environment=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.decode(), done.stderr.decode()

    def test_run_follows_the_model_and_says_so(self):
        for seed in ("1", "2"):
            text, log = self.text_of("--seed", seed)
            self.assertEqual(text, self.greedy)
            self.assertIn("sampling: temperature 0.5, top_k 1", log)
        self.assertNotIn("sampling", self.text_of("--no-stats")[1])

    def test_flags_and_the_switch_win_over_the_model(self):
        text, log = self.text_of("--top-k", "0", "--temperature", "5", "--seed", "1")
        self.assertNotEqual(text, self.greedy)
        self.assertIn("sampling: temperature 5 (recommended by the model: temperature 0.5, top_k 1)", log)
        for environment, flags in (({}, ("--generation-config", "none")), ({"SIXFOLD_GENERATION_CONFIG": "none"}, ())):
            text, log = self.text_of("--seed", "1", *flags, environment=environment)
            self.assertEqual(text, run("run", PROMPT, "-n", "24", "--seed", "1").stdout.decode())
            self.assertNotIn("sampling", log)
        refused = run("run", self.model, PROMPT, "--generation-config", "theirs")
        self.assertNotEqual(refused.returncode, 0)
        self.assertIn(b"--generation-config", refused.stderr)

    def test_requests_follow_the_model_where_they_do_not_say(self):
        with Server(self.model) as server:
            for seed in (1, 2):
                self.assertEqual(PROMPT + complete(server.url, seed=seed) + "\n", self.greedy)
            self.assertNotEqual(PROMPT + complete(server.url, seed=1, top_k=0, temperature=5) + "\n", self.greedy)
            server.stop()
        with Server(self.model, "--generation-config", "none") as server:
            self.assertNotEqual(complete(server.url, seed=1, temperature=5), complete(server.url, seed=2, temperature=5))
            server.stop()

    def test_the_server_says_it_when_it_starts(self):
        with Server(self.model) as server:
            server.process.terminate()
            log = server.process.stderr.read().decode()
        self.assertIn("Sampling, unless a request says otherwise: temperature 0.5, top_k 1", log)

    def test_show_prints_it_and_nonsense_is_refused(self):
        home = os.path.join(os.path.dirname(self.model), "home")
        environment = {"HOME": home, "SIXFOLD_HOME": home, "XDG_DATA_HOME": "", "XDG_CACHE_HOME": ""}
        done = run("pull", "file:" + self.model, environment=environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        name = json.loads(run("list", "--json", environment=environment).stdout)[0]["name"]
        shown = run("show", name, environment=environment)
        self.assertIn(b"sampling      temperature 0.5, top_k 1\n", shown.stdout, shown.stderr)
        builtin_with_sampling(self.model, {"top_p": 7.0})
        refused = run("run", self.model, PROMPT)
        self.assertEqual(refused.returncode, 65, refused.stderr)
        self.assertIn(b"recommended sampling: top_p: 7, want above 0, at most 1", refused.stderr)
        self.assertEqual(run("run", self.model, PROMPT, "-n", "2", "--generation-config", "none").returncode, 0)


if __name__ == "__main__":
    unittest.main()
