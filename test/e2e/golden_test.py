"""`sixfold eval` and `sixfold tokenize` against reference outputs; needs SIXFOLD_TESTDATA."""
import array
import json
import os
import sys
import tempfile
import unittest

from program import run

TESTDATA = os.environ.get("SIXFOLD_TESTDATA", "")
ARCHITECTURES = ("llama_plain", "llama_gqa_untied", "llama3_rope", "llama_rope_linear", "llama_rope_yarn",
                 "mistral_like", "qwen2", "qwen3")
MAX_ABS = 2e-4  # the limit for float32 throughout


class Golden(unittest.TestCase):
    def test_logits_of_every_architecture(self):
        folder = os.path.join(TESTDATA, "golden", "arch")
        for name in ARCHITECTURES:
            with open(os.path.join(folder, name + ".json"), encoding="utf-8") as file:
                golden = json.load(file)
            prompt = golden["prompts"]["p17"]
            reference = array.array("f")
            with open(os.path.join(folder, prompt["file"]), "rb") as file:
                reference.frombytes(file.read())
            with tempfile.TemporaryDirectory() as work:
                ids, out = os.path.join(work, "ids.json"), os.path.join(work, "out.f32")
                with open(ids, "w", encoding="utf-8") as file:
                    json.dump(prompt["ids"], file)
                done = run("eval", os.path.join(folder, name + ".gguf"), "--tokens", ids, "--logits", out,
                           "--all-positions")
                self.assertEqual(done.returncode, 0, done.stderr)
                logits = array.array("f")
                with open(out, "rb") as file:
                    logits.frombytes(file.read())
            self.assertEqual(len(logits), len(reference), name)
            worst = max(abs(a - b) for a, b in zip(logits, reference))
            self.assertLessEqual(worst, MAX_ABS, name)

    def test_perplexity_of_a_trained_model(self):
        folder = os.path.join(TESTDATA, "golden", "real")
        with open(os.path.join(folder, "real.json"), encoding="utf-8") as file:
            golden = json.load(file)
        text = os.path.join(folder, "tinystories_extract.txt")
        for variant, limit in (("F32", 0.0002), ("Q8_0", 0.01)):
            entry = golden["stories260K"]["variants"][variant]["perplexity"]
            expected = entry["native"]["ppl"]
            done = run("eval", os.path.join(folder, f"stories260K.{variant}.gguf"), "--text", text,
                       "--context", str(entry["n_ctx"]), "--chunks", str(entry["chunks"]), "--json")
            self.assertEqual(done.returncode, 0, done.stderr)
            measured = json.loads(done.stdout)["perplexity"]
            self.assertLessEqual(abs(measured / expected - 1), limit, (variant, measured, expected))


if __name__ == "__main__":
    if not TESTDATA:
        print("skipped: SIXFOLD_TESTDATA is not set")
        sys.exit(77)
    unittest.main()
