"""Measures sixfold and other engines in turn (A B A B ...) on the same models, and prints the ratios.

A peer is a folder with the programs of a llama.cpp-like build: llama-bench, llama-batched-bench for batches, and
llama-embedding for batches of texts, in DIR, DIR/bin or DIR/build/bin.  Results are appended to --out line by line; a run that is there is not repeated, so
that an interrupted comparison goes on where it stopped.

examples:
  bench/compare.sh --peer ../llama.cpp --model model-Q8_0.gguf
  bench/compare.sh --peer ../llama.cpp --peer ../ik_llama.cpp --model a.gguf b.gguf --suites single,batched --out r.jsonl
  bench/compare.sh --peer ../ik_llama.cpp --peer-flags 'ik_llama.cpp=-rtr 0' --model a.gguf
"""
import argparse
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile

from records import OURS, Records, Surroundings, first_line, machine, speeds, survey

TIMEOUT_S = 1800
SUITES = ("single", "batched", "long", "encode")


def run_program(arguments, prefix):
    """Standard output and standard error of a program that must succeed."""
    done = subprocess.run([*prefix, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          timeout=TIMEOUT_S, text=True, errors="replace")
    if done.returncode != 0:
        raise RuntimeError(f"{os.path.basename(arguments[0])} ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    return done.stdout, done.stderr


class Sixfold:
    """Our own program."""
    name, flags = OURS, ""

    def __init__(self, program, options):
        self.program, self.options = program, options

    def _bench(self, model, *arguments):
        output, _ = run_program([self.program, "bench", model, "--threads", str(self.options.threads), "--repeat", "1",
                                 "--json", *arguments], self.options.prefix)
        report = json.loads(output)
        return report["rows"], {"limits": report["limits"], "load_seconds": report["load_seconds"],
                                "is_from_weight_cache": report.get("is_from_weight_cache"), "isa": report["machine"]["isa"]}

    def memory(self):
        """Bytes per second that all threads together read from memory now."""
        limits = survey(self.program, self.options.threads, repeat=3, prefix=self.options.prefix)["limits"]
        return limits[-1]["memory_bytes_per_s"]["median"]

    def prepare(self, model):
        """Fills the weight cache, so that no round pays for writing it."""
        self._bench(model, "--prompt", "8", "--generate", "0")

    def single(self, model):
        o = self.options
        return self._bench(model, "--prompt", str(o.prompt), "--generate", str(o.generate))

    def batched(self, model):
        o = self.options
        return self._bench(model, "--prompt", "0", "--batch", o.batch, "--depth", str(o.batched_prompt), "--generate",
                           str(o.batched_generate))

    def long(self, model):
        o = self.options
        all_rows = []
        for kv in o.long_kv:
            for depth in [0, *o.long_depth]:
                rows, facts = self._bench(model, "--prompt", str(o.long_prompt), "--depth", str(depth), "--generate",
                                          str(o.long_generate), "--kv-dtype", OWN_KV.get(kv, kv))
                all_rows += [{**row, "kv": kv} for row in rows]
        return all_rows, facts


    def encode(self, model):
        return self._bench(model, "--prompt", str(self.options.encode_tokens), "--batch", f"1,{self.options.encode_batch}")


# What we keep beside a peer's element type of keys and values: our default beside theirs.
OWN_KV = {"f16": "i16"}

# Flash attention, and weights repacked for the CPU when they are loaded; left out where a program knows no such flag.
DEFAULT_WISHES = {"-fa": "1", "-rtr": "1"}


def wishes_of(flags):
    """"-fa 1 -muge -rtr 0" as {"-fa": "1", "-muge": "", "-rtr": "0"}."""
    wishes, flag = {}, None
    for word in shlex.split(flags):
        if re.match(r"--?[a-z]", word):
            flag = word
            wishes[flag] = ""
        elif flag is not None:
            wishes[flag] = word
    return wishes


class Peer:
    """A build of llama.cpp or of something that took its programs over."""

    def __init__(self, name, folder, flags, options):
        self.name, self.options = name, options
        self._wishes = {**DEFAULT_WISHES, **wishes_of(flags)}
        self._programs = {}
        for program in ("llama-bench", "llama-batched-bench", "llama-sweep-bench", "llama-embedding"):
            for place in ("", "bin", "build/bin"):
                path = os.path.join(folder, place, program)
                if os.access(path, os.X_OK):
                    self._programs.setdefault(program, path)
        if "llama-bench" not in self._programs:
            raise SystemExit(f"compare: {folder}: no llama-bench in it, in bin or in build/bin")
        self._help = {program: self._help_of(path) for program, path in self._programs.items()}
        self.flags = " ".join(self._flags("llama-bench"))

    @staticmethod
    def _help_of(path):
        done = subprocess.run([path, "--help"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, text=True,
                              errors="replace")
        return done.stdout

    def version(self):
        folder = os.path.dirname(self._programs["llama-bench"])
        return first_line([os.path.join(folder, "llama-server"), "--version"], "^version")

    def _flags(self, program):
        """The wished flags in the words of one program, which may want a number, a word or nothing behind them."""
        words = []
        for flag, value in self._wishes.items():
            usage = re.search(rf"(?m)^\s*{flag},?\s.*$", self._help[program])
            if not usage:
                if flag not in DEFAULT_WISHES:
                    words += [flag, value] if value else [flag]
            elif "on|off" in usage[0]:
                words += [flag, {"1": "on", "0": "off"}.get(value, value)]
            elif "<0|1>" in usage[0] or value not in ("", "0", "1"):
                words += [flag, value]
            elif value != "0":
                words.append(flag)  # a switch
        return words

    def _bench(self, model, *arguments):
        output, _ = run_program([self._programs["llama-bench"], "-m", model, "-t", str(self.options.threads), "-r", "1",
                                 "-o", "json", *self._flags("llama-bench"), *arguments], self.options.prefix)
        tests = json.loads(output[re.search(r"(?m)^\[", output).start():])
        rows = []
        for test in tests:
            depth = test.get("n_depth", 0)
            if test["n_gen"] and test["n_prompt"]:
                depth = test["n_prompt"]  # a test of generation after a prompt
            rows.append({"kind": "decode" if test["n_gen"] else "prefill", "sequences": 1,
                         "tokens": test["n_gen"] or test["n_prompt"], "depth": depth, "tokens_per_s": test["avg_ts"]})
        return rows

    def single(self, model):
        return self._bench(model, "-p", str(self.options.prompt), "-n", str(self.options.generate)), {}

    def encode(self, model):
        """One text by llama-bench, several by llama-embedding, in calls of at most 512 tokens as it makes them itself."""
        o = self.options
        rows = self._bench(model, "-p", str(o.encode_tokens), "-n", "0", "-embd", "1")
        rows = [{**row, "kind": "encode"} for row in rows]
        if "llama-embedding" in self._programs:
            rows.append({"kind": "encode", "sequences": o.encode_batch, "tokens": o.encode_tokens, "depth": 0,
                         "tokens_per_s": self._embedding_speed(model)})
        return rows, {}

    def _embedding_speed(self, model):
        """From the times at which its log says that a call begins: all calls but the last."""
        o = self.options
        text = " ".join(["the"] * (o.encode_tokens - 2))  # [CLS] and [SEP] come to it
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join([text] * 2 * o.encode_batch))
            file.flush()
            calls = str(max(512, o.encode_tokens))
            _, log = run_program([self._programs["llama-embedding"], "-m", model, "-t", str(o.threads), "-f", file.name, "-b",
                                  calls, "-ub", calls, "--embd-output-format", "array"], o.prefix)
        begins = [(60 * int(m[1]) + int(m[2]) + float(f"0.{m[3]}{m[4]}"), int(m[5])) for m in
                  re.finditer(r"(?m)^(\d+)\.(\d+)\.(\d+)\.(\d+) I batch_decode: n_tokens = (\d+)", log)]
        if len(begins) < 2:
            raise RuntimeError("llama-embedding: its log names fewer than two calls")
        return sum(tokens for _, tokens in begins[:-1]) / (begins[-1][0] - begins[0][0])

    def long(self, model):
        has_depth = re.search(r"(?m)^\s*-d, --n-depth", self._help["llama-bench"])
        if not has_depth and "llama-sweep-bench" not in self._programs:
            return [], {}
        rows = []
        for kv in self.options.long_kv:
            of_type = self._at_depths(model, kv) if has_depth else self._sweep(model, kv)
            rows += [{**row, "kv": kv} for row in of_type]
        return rows, {}

    def _at_depths(self, model, kv):
        o = self.options
        rows = []
        for depth in [0, *o.long_depth]:
            # The second test of a depth takes over what the first has in its cache.
            rows += self._bench(model, "-p", str(o.long_prompt), "-n", str(o.long_generate), "-d", str(depth), "-ctk", kv,
                                "-ctv", kv)
        return rows

    def _sweep(self, model, kv):
        """A prompt in pieces, with some tokens generated after each: the rows at the depths that are wanted."""
        o = self.options
        depths = [0, *o.long_depth]
        output = run_program([self._programs["llama-sweep-bench"], "-m", model, "-t", str(o.threads), "-c",
                              str(max(depths) + o.long_prompt), "-b", str(o.long_prompt), "-ub", str(o.long_prompt), "-n",
                              str(o.long_generate), "-ctk", kv, "-ctv", kv, "--output-format", "jsonl",
                              *self._flags("llama-sweep-bench")], o.prefix)
        rows = []
        for line in "\n".join(output).splitlines():
            if not line.startswith("{"):
                continue
            step = json.loads(line)
            if step["n_kv"] in depths:
                rows.append({"kind": "prefill", "sequences": 1, "tokens": step["pp"], "depth": step["n_kv"],
                             "tokens_per_s": step["speed_pp"]})
                rows.append({"kind": "decode", "sequences": 1, "tokens": step["tg"], "depth": step["n_kv"],
                             "tokens_per_s": step["speed_tg"]})
        return rows

    def batched(self, model):
        if "llama-batched-bench" not in self._programs:
            return [], {}
        o = self.options
        sizes = [int(size) for size in o.batch.split(",")]
        context = max(sizes) * (o.batched_prompt + o.batched_generate)
        output = run_program([self._programs["llama-batched-bench"], "-m", model, "-t", str(o.threads), "-c", str(context),
                              "-b", "2048", "-ub", "512", "-npp", str(o.batched_prompt), "-ntg", str(o.batched_generate),
                              "-npl", o.batch, *self._flags("llama-batched-bench")], o.prefix)
        rows = []
        for line in "\n".join(output).splitlines():
            # | PP | TG | B | N_KV | T_PP s | S_PP t/s | T_TG s | S_TG t/s | T s | S t/s |
            cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
            if len(cells) == 10 and cells[0].isdigit():
                rows.append({"kind": "decode", "sequences": int(cells[2]), "tokens": int(cells[1]),
                             "depth": int(cells[0]), "tokens_per_s": float(cells[7])})
        if len(rows) != len(sizes):
            raise RuntimeError(f"llama-batched-bench: {len(rows)} rows, want {len(sizes)}")
        return rows, {}


def contestants(options):
    everyone = [Sixfold(options.program, options)]
    modes = {}
    for mode in options.peer_flags:
        name, _, flags = mode.partition("=")
        modes.setdefault(name, []).append(flags)
    for peer in options.peer:
        name, _, folder = peer.rpartition("=")
        if not name:
            parts = [part for part in os.path.abspath(folder).split(os.sep) if part not in ("build", "bin")]
            name = parts[-1]
        for flags in ["", *modes.pop(name, [])]:
            everyone.append(Peer(name, folder, flags, options))
    if modes:
        raise SystemExit(f"compare: --peer-flags: no peer is called {', '.join(modes)}")
    return everyone


def measure(options, everyone, records):
    is_prepared = set()
    for suite in options.suites:
        for model in options.model:
            for number in range(options.pairs):
                for contestant in everyone:
                    run = {"type": "run", "suite": suite, "model": os.path.basename(model), "contestant": contestant.name,
                           "flags": contestant.flags, "round": number}
                    if records.has(run):
                        continue
                    if model not in is_prepared:
                        is_prepared.add(model)
                        everyone[0].prepare(model)
                    before = everyone[0].memory()  # decoding is bound by it, and on a shared machine it changes
                    with Surroundings() as seen:
                        try:
                            run["rows"], facts = getattr(contestant, suite)(model)
                            run.update(facts)
                        except (RuntimeError, ValueError, AttributeError, subprocess.TimeoutExpired) as error:
                            run["error"] = str(error)
                    run["memory_bytes_per_s"] = [before, everyone[0].memory()]
                    records.add({**run, **seen.facts})
                    what = run.get("error") or "  ".join(f"{row['tokens_per_s']:.1f}" for row in run["rows"])
                    print(f"{suite} {run['model']} {number + 1}/{options.pairs} {contestant.name} {contestant.flags}: {what}",
                          file=sys.stderr, flush=True)


def print_tables(records, suites):
    for suite in suites:
        rows = speeds(records.lines, suite)
        for model in dict.fromkeys(row["model"] for row in rows):
            print(f"\n{suite}: {model}  (tokens/s, medians; ratio: ours to theirs, median of the rounds, lowest to highest)")
            for row in (row for row in rows if row["model"] == model):
                limit = f"{100 * row['share']:.0f} % of {row['limit']:.0f}" if row["share"] is not None else "-"
                print(f"  {row['row']:<28} {row['ours'] or 0:>8.1f}  limit: {limit}")
                for name, peer in row["peers"].items():
                    ratio = "-"
                    if peer["ratio"] is not None:
                        low, high = peer["ratio_spread"]
                        ratio = f"{peer['ratio']:.2f}x  ({low:.2f} to {high:.2f})"
                        ratio += "  behind" if peer["ratio"] < 1 else ""
                    print(f"    {name + ' ' + peer['flags']:<40} {peer['speed']:>8.1f}  {ratio}")


def parse(arguments):
    folder = os.path.dirname(os.path.abspath(__file__))
    parser = argparse.ArgumentParser(prog="bench/compare.sh", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--peer", action="append", default=[], metavar="[NAME=]DIR", help="a peer's build; may be given several times")
    add("--peer-flags", action="append", default=[], metavar="NAME=FLAGS",
        help="one more way to run a peer; the report takes its best")
    add("--model", nargs="+", required=True, metavar="FILE")
    add("--suites", default="single", help="of single, batched, long, encode (default: single)")
    add("--pairs", type=int, default=5, help="rounds, each engine once in each (default: 5)")
    add("--threads", type=int, default=len(os.sched_getaffinity(0)))
    add("--program", default=os.path.join(folder, "..", "build", "release", "bin", "sixfold"), help="our program")
    add("--prefix", default="", help="command before every program, for example 'numactl -N 0 -m 0'")
    add("--out", default="bench.jsonl", metavar="FILE", help="results, appended (default: bench.jsonl)")
    add("--prompt", type=int, default=512)
    add("--generate", type=int, default=64)
    add("--batch", default="4,8,16", help="sequences at once (default: 4,8,16)")
    add("--batched-prompt", type=int, default=128)
    add("--batched-generate", type=int, default=64)
    add("--long-depth", default="8192,32768",
        help="tokens in the cache before, multiples of --long-prompt (default: 8192,32768)")
    add("--long-prompt", type=int, default=512)
    add("--long-generate", type=int, default=32)
    add("--long-kv", default="f16", help="element types of keys and values of the peers; beside f16 ours are i16 (default: f16)")
    add("--encode-tokens", type=int, default=128, help="of a text, for encoders (default: 128)")
    add("--encode-batch", type=int, default=32, help="texts of a call (default: 32)")
    options = parser.parse_args(arguments)
    options.suites = options.suites.split(",")
    for suite in options.suites:
        if suite not in SUITES:
            parser.error(f"--suites: want some of {', '.join(SUITES)}, got {suite}")
    options.prefix = shlex.split(options.prefix)
    options.long_depth = [int(depth) for depth in options.long_depth.split(",")]
    options.long_kv = options.long_kv.split(",")
    return options


def main(arguments):
    options = parse(arguments)
    everyone = contestants(options)
    records = Records(options.out)
    facts = machine(options.program, options.threads)
    facts["versions"].update({peer.name: peer.version() for peer in everyone[1:]})
    records.add(facts)
    measure(options, everyone, records)
    print_tables(records, options.suites)


if __name__ == "__main__":
    main(sys.argv[1:])
