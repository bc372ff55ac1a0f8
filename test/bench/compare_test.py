"""bench/compare.sh against peers that know only the flags of the real ones and fail at any other."""
import json
import os
import stat
import subprocess
import tempfile
import unittest

PROGRAM = os.environ["SIXFOLD_PROGRAM"]
SOURCE_DIR = os.environ["SIXFOLD_SOURCE_DIR"]
COMPARE = os.path.join(SOURCE_DIR, "bench", "compare.sh")
BUILTIN = os.path.join(SOURCE_DIR, "models", "sixfold-tiny.gguf")

# Both print their usage as the real programs do, take no flag that is not in it, and answer with fixed speeds.
LLAMA_BENCH = '''#!/usr/bin/env python3
import json, re, sys
USAGE = """usage: llama-bench [options]
  -m, --model <filename>
  -p, --n-prompt <n>
  -n, --n-gen <n>
  -t, --threads <n>
  -r, --repetitions <n>
  -o, --output <csv|json|md>
  -ctk, --cache-type-k <t>
  -ctv, --cache-type-v <t>
%s"""
if "--help" in sys.argv:
    print(USAGE)
    sys.exit(0)
known = dict.fromkeys(re.findall(r"(?m)^  (--?[a-z-]+)", USAGE))
values, words = {}, sys.argv[1:]
while words:
    flag = words.pop(0)
    if flag not in known:
        sys.exit(f"error: invalid parameter for argument: {flag}")
    line = re.search(rf"(?m)^  {flag}.*$", USAGE)[0]
    if "<" in line:
        values[flag] = words.pop(0)
        choice = re.search(r"<([a-z0-9]+(?:[|][a-z0-9]+)+)>", line)
        if choice and values[flag] not in choice[1].split("|"):
            sys.exit(f"error: {flag} {values[flag]}")
with open(CALLS, "a") as file:
    file.write(" ".join(sys.argv[1:]) + "\\n")
depth = int(values.get("-d", 0))
tests = [{"n_prompt": int(n), "n_gen": 0, "n_depth": depth, "avg_ts": 100.0} for n in values["-p"].split(",") if n != "0"]
tests += [{"n_prompt": 0, "n_gen": int(n), "n_depth": depth, "avg_ts": 10.0} for n in values["-n"].split(",") if n != "0"]
print("some log line [1]")
print(json.dumps(tests, indent=2))
'''
BATCHED_BENCH = '''#!/usr/bin/env python3
import sys
if "--help" in sys.argv:
    print("""  -fa,  --flash-attn %s
%s""")
    sys.exit(0)
words = sys.argv[1:]
rest = [word for word in words if word in (%s)]
values = dict(zip(words[::2], words[1::2]))
with open(CALLS, "a") as file:
    file.write(" ".join(words) + "\\n")
print("| PP | TG | B | N_KV | T_PP s | S_PP t/s | T_TG s | S_TG t/s | T s | S t/s |", file=sys.%s)
print("|----|----|---|------|--------|----------|--------|----------|-----|-------|", file=sys.%s)
for size in values["-npl"].split(","):
    print(f"|  {values['-npp']} | {values['-ntg']} | {size} | 0 | 1.0 | 5.0 | 1.0 | {10.0 * int(size)} | 1 | 1 |", file=sys.%s)
'''
# The fork has no depths, but a program that goes through them.
SWEEP_BENCH = '''#!/usr/bin/env python3
import json, sys
if "--help" in sys.argv:
    print("""  -fa,  --flash-attn (auto|on|off|0|1)
  -rtr,   --run-time-repack       repack tensors""")
    sys.exit(0)
words = [word for word in sys.argv[1:] if word != "-rtr"]
values = dict(zip(words[::2], words[1::2]))
for at in range(0, int(values["-c"]), int(values["-ub"])):
    print(json.dumps({"pp": int(values["-ub"]), "tg": int(values["-n"]), "n_kv": at, "speed_pp": 90.0, "speed_tg": 9.0}))
'''


class Compare(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        # As mainline llama.cpp's, and as its fork's.
        self.make("plain", "  -fa, --flash-attn <on|off|auto>\n  -d, --n-depth <n>\n  --no-warmup\n", "[on|off|auto]", "", "stdout")
        self.make("fork", "  -fa, --flash-attn <0|1>\n  -rtr, --run-time-repack <0|1>\n  -w, --warmup <0|1>\n",
                  "(auto|on|off|0|1)", "  -rtr,   --run-time-repack       repack tensors", "stderr")

    def path(self, *parts):
        return os.path.join(self.folder.name, *parts)

    def make(self, name, bench_flags, flash, batched_flags, stream):
        place = self.path(name, "build", "bin")
        os.makedirs(place)
        calls = f"CALLS = {self.path(name + '.calls')!r}\n"
        programs = {"llama-bench": LLAMA_BENCH % bench_flags,
                    "llama-batched-bench": BATCHED_BENCH % (flash, batched_flags, '"-rtr",', stream, stream, stream)}
        if name == "fork":
            programs["llama-sweep-bench"] = SWEEP_BENCH
        for program, text in programs.items():
            first, rest = text.split("\n", 1)
            with open(os.path.join(place, program), "w", encoding="utf-8") as file:
                file.write(f"{first}\n{calls}{rest}")
            os.chmod(file.name, stat.S_IRWXU)

    def compare(self, *arguments, code=0):
        done = subprocess.run(
            [COMPARE, "--program", PROGRAM, "--model", BUILTIN, "--threads", "1", "--out", self.path("out.jsonl"), "--prompt",
             "16", "--generate", "4", "--batch", "2,4", "--batched-prompt", "4", "--batched-generate", "4", "--long-prompt",
             "32", "--long-generate", "4", "--long-depth", "64", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300,
            env={**os.environ, "SIXFOLD_READ_MIB": "16"})
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def runs(self):
        with open(self.path("out.jsonl"), encoding="utf-8") as file:
            return [line for line in map(json.loads, file) if line["type"] == "run"]

    def calls(self, name):
        with open(self.path(name + ".calls"), encoding="utf-8") as file:
            return file.read().splitlines()

    def test_takes_turns_and_gives_every_peer_its_own_flags(self):
        done = self.compare("--peer", self.path("plain"), "--peer", self.path("fork"), "--pairs", "2", "--suites",
                            "single,batched,long")
        runs = self.runs()
        self.assertEqual([run.get("error") for run in runs], [None] * 18)
        self.assertEqual([run["contestant"] for run in runs[:6]], ["sixfold", "plain", "fork"] * 2)
        rows = {(run["contestant"], row["kind"], row["sequences"], row["tokens"], row["depth"]): row["tokens_per_s"]
                for run in runs for row in run["rows"]}
        for peer, prefill_speed, decode_speed in (("plain", 100.0, 10.0), ("fork", 90.0, 9.0)):
            self.assertEqual(rows[peer, "prefill", 1, 16, 0], 100.0)
            self.assertEqual(rows[peer, "decode", 4, 4, 4], 40.0)
            self.assertEqual(rows[peer, "prefill", 1, 32, 64], prefill_speed)
            self.assertEqual(rows[peer, "decode", 1, 4, 64], decode_speed)
        # Ours has the same rows, so that there is a ratio for each.
        self.assertEqual({row[1:] for row in rows if row[0] == "sixfold"}, {row[1:] for row in rows if row[0] == "plain"})
        self.assertIn("-fa on", self.calls("plain")[0])
        self.assertIn("-fa 1 -rtr 1", self.calls("fork")[0])
        self.assertTrue(any(call.endswith("-fa on -rtr") for call in self.calls("fork")))
        self.assertIn("limit:", done.stdout)
        self.assertRegex(done.stdout, r"plain -fa on +100\.0 +[\d.]+x")

    def test_goes_on_where_it_stopped(self):
        self.compare("--peer", self.path("plain"), "--pairs", "1")
        self.compare("--peer", self.path("plain"), "--pairs", "2")
        self.assertEqual([(run["contestant"], run["round"]) for run in self.runs()],
                         [("sixfold", 0), ("plain", 0), ("sixfold", 1), ("plain", 1)])

    def test_a_peer_counts_with_the_best_of_its_modes(self):
        self.compare("--peer", "other=" + self.path("fork"), "--peer-flags", "other=-rtr 0", "--pairs", "1")
        self.assertEqual([run["flags"] for run in self.runs()], ["", "-fa 1 -rtr 1", "-fa 1 -rtr 0"])

    def test_a_failing_peer_is_noted_and_tried_again_the_next_time(self):
        self.compare("--peer", "other=" + self.path("fork"), "--peer-flags", "other=-nonsense 7", "--pairs", "1")
        errors = [run.get("error") for run in self.runs()]
        self.assertEqual(errors[:2], [None, None])
        self.assertIn("-nonsense", errors[2])
        self.compare("--peer", "other=" + self.path("fork"), "--peer-flags", "other=-nonsense 7", "--pairs", "1")
        self.assertEqual(len(self.runs()), 4)

    def test_a_folder_without_programs_is_an_error(self):
        self.assertIn("no llama-bench", self.compare("--peer", self.folder.name, code=1).stderr)
        self.assertIn("example", subprocess.run([COMPARE, "--help"], stdout=subprocess.PIPE, text=True).stdout)


if __name__ == "__main__":
    unittest.main()
