"""bench/http_streams on a small scale: 200 streams at once, all of them right."""
import json
import os
import resource
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SIXFOLD_PROGRAM"]
SCRIPT = os.path.join(os.environ["SIXFOLD_SOURCE_DIR"], "bench", "http_streams")
STREAMS = 200


class HttpStreams(unittest.TestCase):
    def test_200_streams_at_once_say_what_each_says_alone(self):
        def few_files():
            # Fewer than there are connections: the server asks for more by itself.
            resource.setrlimit(resource.RLIMIT_NOFILE, (128, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "result.json")
            done = subprocess.run(
                [SCRIPT, "--program", PROGRAM, "--streams", str(STREAMS), "--tokens", "16", "--rounds", "2",
                 "--requests", "5", "--json", path], capture_output=True, text=True, timeout=500, preexec_fn=few_files,
                env={**os.environ, "SIXFOLD_WEIGHT_CACHE": "off"})
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            with open(path, encoding="utf-8") as file:
                result = json.load(file)
        for row in result["streams"]["rounds"]:
            self.assertEqual((row["finished"], row["equal"]), (STREAMS, STREAMS))
        self.assertEqual(result["first_bytes"]["requests"], 5)
        self.assertEqual(result["exit_code"], 0)

    def test_help(self):
        done = subprocess.run([SCRIPT, "--help"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0)
        self.assertIn("--streams", done.stdout)


if __name__ == "__main__":
    unittest.main()
