"""Results of benchmarks: one JSON object a line, appended as soon as it is measured, and what follows from them.

A run:     {"type": "run", "suite", "model", "contestant", "flags", "round", "rows": [...], "load", "foreign_cpu", ...}
A machine: {"type": "machine", "date", "commit", "cpu", "cores", "memory_gib", "versions", "limits", ...}
"""
import datetime
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import time

OURS = "sixfold"
# Of our server: with no packed weights on the disk, and with those that the first start has left there.
FIRST_START, NEXT_START = f"{OURS}, first start", f"{OURS}, next starts"


class Records:
    """A file of results that can be continued: what it holds already is not measured again."""

    def __init__(self, path):
        self.path = path
        self.lines = []
        if os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                self.lines = [json.loads(line) for line in file if line.strip()]
        self._done = {self._key(line) for line in self.lines if line["type"] == "run" and "error" not in line}

    @staticmethod
    def _key(run):
        return tuple(str(run.get(name)) for name in ("suite", "model", "contestant", "flags", "clients", "round"))

    def has(self, run):
        return self._key(run) in self._done

    def add(self, record):
        self.lines.append(record)
        if record["type"] == "run" and "error" not in record:
            self._done.add(self._key(record))
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def read_all(paths):
    return [line for path in paths for line in Records(path).lines]


def first_line(command, pattern=""):
    """The first line that a program prints and that holds the pattern, or "unknown"."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, text=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return next((line for line in done.stdout.splitlines() if line and re.search(pattern, line)), "unknown")


def survey(program, threads, repeat, prefix=()):
    """What our program measures of this machine's limits."""
    done = subprocess.run([*prefix, program, "bench", "--limits", "--threads", str(threads), "--repeat", str(repeat), "--json"],
                          stdout=subprocess.PIPE, check=True, timeout=300)
    return json.loads(done.stdout)


def machine(program, threads):
    """Facts about this machine and moment, with the limits that our program measures."""
    folder = os.path.dirname(os.path.abspath(__file__))
    facts = {
        "type": "machine",
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": first_line(["git", "-C", folder, "describe", "--always", "--dirty", "--abbrev=10"]),
        "cores": os.cpu_count(),
        "threads": threads,
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}",
        "load": os.getloadavg()[0],
        "versions": {OURS: first_line([program, "--version"])},
    }
    measured = survey(program, threads, repeat=9)
    facts["cpu"] = measured["machine"]["cpu"]
    facts["isa"] = measured["machine"]["isa"]
    facts["limits"] = measured["limits"]
    return facts


class Surroundings:
    """What else happened on the machine while something was measured: with Surroundings() as seen: ...; seen.facts"""

    @staticmethod
    def _busy_seconds():
        with open("/proc/stat", encoding="ascii") as file:
            fields = [int(field) for field in file.readline().split()[1:]]
        return (sum(fields[:8]) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")  # all but idle and waiting

    @staticmethod
    def _own_seconds():
        usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        return sum(usage.ru_utime + usage.ru_stime for usage in usages)

    def __enter__(self):
        self._begin = (time.monotonic(), self._busy_seconds(), self._own_seconds())
        self._load = os.getloadavg()[0]
        return self

    def __exit__(self, *unused):
        begin, busy, own = self._begin
        seconds = time.monotonic() - begin
        foreign = (self._busy_seconds() - busy) - (self._own_seconds() - own)
        self.facts = {"seconds": round(seconds, 2), "load": [round(self._load, 2), round(os.getloadavg()[0], 2)],
                      "foreign_cpu": round(max(0.0, foreign / seconds), 3)}  # cores that others used


def label(row):
    """A row in words: "prefill 512", "decode 8 x 64 after 128"."""
    depth = f" after {row['depth']}" if row.get("depth") else ""
    if row["kind"] == "encode":
        return f"encode {row['sequences']} x {row['tokens']}"
    depth += f", {row['kv']}" if row.get("kv", "f16") != "f16" else ""
    if row["kind"] == "prefill":
        return f"prefill {row['tokens']}{depth}"
    return f"decode {row['sequences']} x {row['tokens']}{depth}"


def runs_of(records, suite):
    return [line for line in records if line["type"] == "run" and line["suite"] == suite and "error" not in line]


def in_order(values):
    return list(dict.fromkeys(values))


def best_mode(values_by_flags):
    """Of {flags: {round: value}} the entry with the highest median."""
    return max(values_by_flags.items(), key=lambda item: statistics.median(item[1].values()))


def is_steady(bandwidths):
    """Whether memory kept its speed, within a tenth; True where that was not measured."""
    return not bandwidths or max(bandwidths) <= 1.1 * min(bandwidths)


def speeds(records, suite):
    """Rows of a suite: [{"model", "row", "ours", "limit", "share", "peers": {name: {"speed", "ratio", ...}}}].

    A peer measured with several sets of flags counts with its best one.  A ratio is the median over the rounds, because
    runs of one round saw the same machine.  Of decoding, only the rounds count in which memory kept its speed, if there
    are any."""
    runs = runs_of(records, suite)
    table = []
    for model in in_order(run["model"] for run in runs):
        of_model = [run for run in runs if run["model"] == model]
        memory = {(run["contestant"], run.get("flags", ""), run["round"]): run.get("memory_bytes_per_s", [])
                  for run in of_model}
        for name in in_order(label(row) for run in of_model for row in run["rows"]):
            entry = {"model": model, "row": name, "ours": None, "limit": None, "share": None, "peers": {}}
            values, limits = {}, []  # values: {contestant: {flags: {round: tokens/s}}}
            for run in of_model:
                for row in run["rows"]:
                    if label(row) != name:
                        continue
                    entry |= {key: row.get(key) for key in ("kind", "sequences", "tokens", "depth", "kv")}
                    by_flags = values.setdefault(run["contestant"], {})
                    by_flags.setdefault(run.get("flags", ""), {})[run["round"]] = row["tokens_per_s"]
                    if run["contestant"] == OURS and row.get("share") is not None:
                        limits.append((row["limit_tokens_per_s"], row["share"]))
            own_flags, ours = best_mode(values[OURS]) if OURS in values else ("", {})
            if ours:
                entry["ours"] = statistics.median(ours.values())
                entry["ours_spread"] = [min(ours.values()), max(ours.values())]
            if limits:
                entry["limit"] = statistics.median(limit for limit, _ in limits)
                entry["share"] = statistics.median(share for _, share in limits)
            for peer in values:
                if peer == OURS:
                    continue
                flags, theirs = best_mode(values[peer])
                rounds = all_rounds = [number for number in ours if number in theirs]
                if entry["kind"] == "decode":
                    rounds = [number for number in all_rounds if is_steady(
                        memory[OURS, own_flags, number] + memory[peer, flags, number])] or all_rounds
                ratios = [ours[number] / theirs[number] for number in rounds]
                entry["peers"][peer] = {
                    "speed": statistics.median(theirs.values()), "spread": [min(theirs.values()), max(theirs.values())],
                    "flags": flags, "ratio": statistics.median(ratios) if ratios else None,
                    "ratio_spread": [min(ratios), max(ratios)] if ratios else None, "rounds": len(ratios),
                    "all_rounds": len(all_rounds)}
            table.append(entry)
    return table


def attention_alone(records):
    """What a full cache adds: for each row of the suite "long" after some depth, {"model", "row", "ours", "peers"} with
    the seconds for all tokens, less those of the same row after nothing; the median over the rounds, and for peers
    {"seconds", "ratio", "ratio_spread"}."""
    seconds = {}  # {(model, row): {contestant: {round: seconds}}}
    for run in runs_of(records, "long"):
        empty = {(row["kind"], row.get("kv")): row["tokens"] / row["tokens_per_s"] for row in run["rows"] if not row["depth"]}
        for row in run["rows"]:
            before = empty.get((row["kind"], row.get("kv")))
            if row["depth"] and before:
                by_round = seconds.setdefault((run["model"], label(row)), {}).setdefault(run["contestant"], {})
                by_round[run["round"]] = row["tokens"] / row["tokens_per_s"] - before
    table = []
    for (model, name), contestants in seconds.items():
        ours = contestants.get(OURS)
        if not ours:
            continue
        entry = {"model": model, "row": name, "ours": statistics.median(ours.values()), "peers": {}}
        for peer, theirs in contestants.items():
            ratios = [theirs[number] / ours[number] for number in ours if number in theirs]
            if peer != OURS and ratios:
                entry["peers"][peer] = {"seconds": statistics.median(theirs.values()), "ratio": statistics.median(ratios),
                                        "ratio_spread": [min(ratios), max(ratios)]}
        table.append(entry)
    return table
