"""bench/report.py: medians, ratios, and the rows where somebody else is faster."""
import json
import os
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

SOURCE_DIR = os.environ["SIXFOLD_SOURCE_DIR"]
REPORT = os.path.join(SOURCE_DIR, "bench", "report.py")
PAGE = os.path.join(SOURCE_DIR, "docs", "performance.md")


def spread(value):
    return {"median": value, "min": value, "max": value}


def machine():
    limits = {"threads": 2, "memory_bytes_per_s": spread(35e9), "l2_bytes_per_s": spread(180e9), "l3_bytes_per_s": None,
              "int8_operations_per_s": spread(930e9), "int16_operations_per_s": spread(465e9),
              "bf16_operations_per_s": None, "f32_operations_per_s": spread(230e9)}
    return {"type": "machine", "date": "2030-01-02 03:04 UTC", "commit": "abcdef", "cpu": "Some CPU", "isa": "avx2", "cores": 2,
            "threads": 2, "memory_gib": 8.0, "system": "Linux", "load": 0.1, "versions": {"sixfold": "1", "other": "b7"},
            "limits": [limits]}


def run(suite, contestant, number, rows, flags="", model="a-Q8_0.gguf"):
    return {"type": "run", "suite": suite, "model": model, "contestant": contestant, "flags": flags, "round": number,
            "rows": rows, "load": [0.1, 0.2], "foreign_cpu": 0.01}


def row(kind, speed, limit=None, sequences=1, depth=0):
    share = speed / limit if limit else None
    return {"kind": kind, "sequences": sequences, "tokens": 64, "depth": depth, "tokens_per_s": speed,
            "limit_tokens_per_s": limit, "share": share}


def load(contestant, clients, speed, limit=None, engine=None):
    times = {"p50": 10, "p95": 20, "p99": 30}
    return {"type": "run", "suite": "serve", "model": "a-Q8_0.gguf", "clients": clients, "contestant": contestant, "flags": "",
            "round": 0, "tokens_per_s": speed, "first_ms": times, "between_ms": times, "longest_gap_ms": 40, "cpu_cores": 1.9,
            "memory_most_mib": 1400, "start_seconds": 0.5, "start_memory_mib": 1300, "limit_tokens_per_s": limit,
            "engine_tokens_per_s": engine}


class Report(unittest.TestCase):
    def report(self, lines, *arguments, code=0):
        with tempfile.TemporaryDirectory() as folder:
            results, page = os.path.join(folder, "r.jsonl"), os.path.join(folder, "page.md")
            with open(results, "w", encoding="utf-8") as file:
                file.writelines(json.dumps(line) + "\n" for line in lines)
            with open(PAGE, encoding="utf-8") as source, open(page, "w", encoding="utf-8") as file:
                file.write(source.read())
            images = os.path.join(folder, "img")
            done = subprocess.run([sys.executable, REPORT, results, "--page", page, "--images", images, *arguments],
                                  text=True, stderr=subprocess.PIPE)
            self.assertEqual(done.returncode, code, done.stderr)
            with open(page, encoding="utf-8") as file:
                text = file.read()
            plots = {name: xml.etree.ElementTree.parse(os.path.join(images, name)) for name in os.listdir(images)}
        return text, plots

    def test_tables_ratios_and_who_is_behind(self):
        lines = [machine()]
        for number, (ours, theirs) in enumerate(((30, 20), (33, 30), (20, 22))):
            lines.append(run("single", "sixfold", number, [row("prefill", 300, 400), row("decode", ours, 35)]))
            lines.append(run("single", "other", number, [row("prefill", 310), row("decode", theirs)], "-fa 1"))
            lines.append(run("single", "other", number, [row("prefill", 100), row("decode", 1)], "-fa 0"))
        lines.append(run("batched", "sixfold", 0, [row("decode", 160, 200, sequences=8, depth=128)]))
        lines.append(run("batched", "other", 0, [row("decode", 80, sequences=8, depth=128)]))
        lines.append({**run("batched", "other", 1, []), "error": "it fell over"})
        lines += [load("sixfold", 8, 80, 100, 90), load("other", 8, 40), load("sixfold", 32, 90), load("other", 32, 100)]
        lines.append({"type": "run", "suite": "start", "model": "a-Q8_0.gguf", "clients": 0, "contestant": "all", "flags": "",
                      "round": 0, "starts": {"sixfold, first start": [[2.0, 1310]],
                                             "sixfold, next starts": [[0.1, 1300], [0.3, 1300], [0.2, 1300]],
                                             "other": [[1.0, 1400], [1.2, 1400], [1.2, 1400]]}})
        text, plots = self.report(lines)
        self.assertIn("Measured 2030-01-02 03:04 UTC, commit abcdef.", text)
        self.assertIn("other (b7)", text)
        # The median of 1.5, 1.1 and 0.91, and not 30 / 22; the better mode of the peer.
        self.assertIn("| a-Q8_0 | 30.0 | 35.0 | 86 % | 22.0 | 1.10x (0.91 to 1.50) |", text)
        self.assertIn("| a-Q8_0 | 300 | 400 | 75 % | 310 | **0.97x, behind** |", text)
        self.assertIn("Behind: a-Q8_0, 0.97x of other.", text)
        self.assertIn("Ahead in every row.", text)
        self.assertIn("Behind: a-Q8_0, 32 clients, 0.90x of other.", text)
        self.assertIn("| a-Q8_0, 8 clients | sixfold | 80.0 | - | 89 % | 10 / 20 / 30 | 10 / 20 / 30 | 40.0 | 1.9 | 1400 |", text)
        self.assertIn("| a-Q8_0 | sixfold, next starts | 0.200 | 0.100 | - | 1300 |", text)
        # The median of the ratios of each round: 10, 4 and 6.
        self.assertIn("| a-Q8_0 | other | 1.200 | 1.000 | 6.00x (4.00 to 10.00) | 1400 |", text)
        self.assertEqual(set(plots), {"prefill.svg", "decode.svg", "batched.svg", "serve.svg"})
        words = "".join(plots["decode.svg"].getroot().itertext())
        self.assertIn("what the machine allows", words)
        self.assertIn("other", words)

    def test_ratios_of_decoding_are_of_rounds_in_which_memory_kept_its_speed(self):
        lines = [machine()]
        rounds = ((30, 20, (33e9, 35e9)), (33, 11, (33e9, 60e9)), (20, 22, (33e9, 34e9)))
        for number, (ours, theirs, memory) in enumerate(rounds):
            for contestant, speed, after in (("sixfold", ours, memory[0]), ("other", theirs, memory[1])):
                lines.append({**run("single", contestant, number, [row("prefill", speed), row("decode", speed, 35)]),
                              "memory_bytes_per_s": [memory[0], after]})
        text, _ = self.report(lines)
        self.assertIn("medians of 3 rounds. Ratios are those of the 2 rounds in which memory kept its speed.", text)
        self.assertIn("| 1.20x (0.91 to 1.50) |", text)  # of 1.5 and 0.91, and not 3
        self.assertIn("| 1.50x (0.91 to 3.00) |", text)  # prefill, whatever memory did
        # Where memory never kept still, every round counts.
        text, _ = self.report([machine()] + lines[3:5])
        self.assertIn("| 3.00x |", text)
        self.assertNotIn("kept its speed", text[text.index("<!-- begin decode -->"):text.index("<!-- end decode -->")])

    def test_the_page_can_be_made_again(self):
        lines = [machine(), run("single", "sixfold", 0, [row("prefill", 300, 400)])]
        first, _ = self.report(lines)
        self.assertIn("| a-Q8_0 | 300 | 400 | 75 % |", first)
        self.assertEqual(first.count("<!-- begin "), 11)
        self.assertEqual(first, self.report(lines)[0])

    def test_sections_that_are_not_asked_for_stay(self):
        lines = [machine(), run("single", "sixfold", 0, [row("prefill", 300, 400), row("decode", 20, 30)])]
        with open(PAGE, encoding="utf-8") as file:
            before = file.read()
        text, plots = self.report(lines, "--only", "prefill")
        begin, end = "<!-- begin prefill -->", "<!-- end prefill -->"
        self.assertIn("| a-Q8_0 | 300 | 400 | 75 % |", text[text.index(begin):text.index(end)])
        self.assertEqual(text[:text.index(begin)], before[:before.index(begin)])
        self.assertEqual(text[text.index(end):], before[before.index(end):])
        self.assertEqual(set(plots), {"prefill.svg"})
        self.assertEqual(self.report(lines, "--only", "prefil", code=1)[0], before)


if __name__ == "__main__":
    unittest.main()
