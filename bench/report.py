#!/usr/bin/env python3
"""Puts results of bench/compare.sh and bench/serve into docs/performance.md (between its markers) and into plots.

examples:
  bench/report.py results.jsonl serve.jsonl
  bench/report.py results.jsonl --only machine,prefill,decode
"""
import argparse
import os
import re
import statistics
import sys

from plot import bars
from records import FIRST_START, NEXT_START, OURS, attention_alone, in_order, read_all, runs_of, speeds

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "docs")


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---|" + "---:|" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(cells) + " |" for cells in rows])


def number(value):
    return "-" if value is None else f"{value:.0f}" if value >= 100 else f"{value:.1f}"


def model_name(file):
    return file.removesuffix(".gguf")


def ratio_cell(ratio, spread=None):
    if ratio is None:
        return "-"
    text = f"{ratio:.2f}x" + (f" ({spread[0]:.2f} to {spread[1]:.2f})" if spread and spread[0] != spread[1] else "")
    return f"**{text}, behind**" if ratio < 1 else text


def lowest_to_highest(counts):
    return f"{min(counts)} to {max(counts)}" if len(counts) > 1 else f"{max(counts)}"


def behind(names):
    """The sentence that says where others are faster."""
    return f"Behind: {'; '.join(names)}." if names else "Ahead in every row."


def peers_of(rows):
    return in_order(name for row in rows for name in row["peers"])


# ---- Sections: each returns Markdown ----

def machine_section(lines):
    machines = [line for line in lines if line["type"] == "machine"]
    if not machines:
        return "No measurements yet."
    last = max(machines, key=lambda machine: machine["date"])
    versions = {}
    for machine in machines:
        versions.update(machine["versions"])
    loads = [load for line in lines if line["type"] == "run" for load in line.get("load", [])]
    foreign = [line["foreign_cpu"] for line in lines if line["type"] == "run" and "foreign_cpu" in line]
    facts = [f"Measured {last['date']}, commit {last['commit']}.",
             f"{last['cpu']}, {last['cores']} cores, {last['memory_gib']} GiB, {last['system']}; "
             f"{last['threads']} threads; kernels {last['isa']}.",
             "Versions: " + "; ".join(f"{name} ({version})" for name, version in versions.items()) + "."]
    if loads:
        facts.append(f"Load average during the runs: median {statistics.median(loads):.1f}, at most {max(loads):.1f}; "
                     f"other processes took {statistics.median(foreign):.2f} cores in the median run, "
                     f"{max(foreign):.2f} in the worst.")

    def giga(spread):
        return "n/a" if spread is None else f"{spread['median'] / 1e9:.1f}"

    rows = [[str(limits["threads"]), giga(limits["memory_bytes_per_s"]), giga(limits["l3_bytes_per_s"]),
             giga(limits["l2_bytes_per_s"]), giga(limits["int8_operations_per_s"]),
             giga(limits.get("int16_operations_per_s")), giga(limits["bf16_operations_per_s"]),
             giga(limits["f32_operations_per_s"])] for limits in last["limits"]]
    head = ["Threads", "Memory GB/s", "L3 GB/s", "L2 GB/s", "int8 GOPS", "int16 GOPS", "bf16 GFLOPS", "f32 GFLOPS"]
    return "\n".join(facts) + "\n\n" + table(head, rows)


def speed_section(lines, suite, kind=None):
    rows = [row for row in speeds(lines, suite) if row["ours"] and (kind is None or row["kind"] == kind)]
    if not rows:
        return "No measurements yet.", []
    peers = peers_of(rows)
    one_row = len({row["row"] for row in rows}) == 1
    head = ["Model" if one_row else "Model, row", "sixfold", "limit", "of it"]
    for peer in peers:
        head += [peer, "ratio"]
    cells, slower = [], []
    for row in rows:
        name = model_name(row["model"]) if one_row else f"{model_name(row['model'])}, {row['row']}"
        share = "-" if row["share"] is None else f"{100 * row['share']:.0f} %"
        line = [name, number(row["ours"]), number(row["limit"]), share]
        for peer in peers:
            theirs = row["peers"].get(peer)
            line += [number(theirs["speed"]), ratio_cell(theirs["ratio"], theirs["ratio_spread"])] if theirs else ["-", "-"]
            if theirs and theirs["ratio"] is not None and theirs["ratio"] < 1:
                slower.append(f"{name}, {theirs['ratio']:.2f}x of {peer}")
        cells.append(line)
    every_peer = [peer for row in rows for peer in row["peers"].values()]
    rounds = lowest_to_highest({peer["all_rounds"] for peer in every_peer} or {1})
    what = f"Tokens per second, {rows[0]['row'] if one_row else 'all sequences together'}; medians of {rounds} rounds."
    if any(peer["rounds"] < peer["all_rounds"] for peer in every_peer):
        kept = lowest_to_highest({peer["rounds"] for peer in every_peer})
        what += f" Ratios are those of the {kept} rounds in which memory kept its speed."
    groups = [(f"{model_name(row['model'])}" if one_row else f"{model_name(row['model'])} {row['row']}",
               {OURS: row["ours"], **{peer: theirs["speed"] for peer, theirs in row["peers"].items()}}, row["limit"])
              for row in rows]
    return f"{what} {behind(slower)}\n\n" + table(head, cells), groups


def attention_section(lines):
    rows = attention_alone(lines)
    if not rows:
        return "No measurements yet."
    peers = peers_of(rows)
    cells = []
    for row in rows:
        line = [f"{model_name(row['model'])}, {row['row']}", f"{1e3 * row['ours']:.1f}"]
        for peer in peers:
            theirs = row["peers"].get(peer)
            line += (["-", "-"] if theirs is None else
                     [f"{1e3 * theirs['seconds']:.1f}", ratio_cell(theirs["ratio"], theirs["ratio_spread"])])
        cells.append(line)
    head = ["Model, row", "sixfold ms"]
    for peer in peers:
        head += [f"{peer} ms", "ratio"]
    return table(head, cells)


def serve_rows(lines):
    """[(model, clients, {contestant: medians of its rounds})]"""
    runs = runs_of(lines, "serve")
    rows = []
    for model, clients in in_order((run["model"], run["clients"]) for run in runs):
        servers = {}
        for name in in_order(run["contestant"] for run in runs):
            same = [run for run in runs if (run["model"], run["clients"], run["contestant"]) == (model, clients, name)]
            if same:
                servers[name] = sorted(same, key=lambda run: run["tokens_per_s"])[len(same) // 2]
        rows.append((model, clients, servers))
    return rows


def serve_section(lines):
    rows = serve_rows(lines)
    if not rows:
        return "No measurements yet.", []
    cells, slower, groups = [], [], []
    for model, clients, servers in rows:
        ours = servers.get(OURS)
        name = f"{model_name(model)}, {clients} client{'s' if clients > 1 else ''}"
        for server, run in servers.items():
            ratio = ours["tokens_per_s"] / run["tokens_per_s"] if ours and server != OURS else None
            if ratio is not None and ratio < 1:
                slower.append(f"{name}, {ratio:.2f}x of {server}")
            first, between = run["first_ms"], run["between_ms"]
            engine = run.get("engine_tokens_per_s")
            cells.append([name, server, number(run["tokens_per_s"]), ratio_cell(ratio),
                          f"{100 * run['tokens_per_s'] / engine:.0f} %" if engine else "-",
                          " / ".join(f"{first[p]:.0f}" for p in ("p50", "p95", "p99")),
                          " / ".join(f"{between[p]:.0f}" for p in ("p50", "p95", "p99")),
                          number(run["longest_gap_ms"]), str(run["cpu_cores"]), str(run["memory_most_mib"])])
        groups.append((name, {server: run["tokens_per_s"] for server, run in servers.items()},
                       ours.get("limit_tokens_per_s") if ours else None))
    head = ["Model", "Server", "tokens/s", "ratio", "of the engine", "first token ms p50 / p95 / p99",
            "between tokens ms p50 / p95 / p99", "longest gap ms", "cores", "memory MiB"]
    return f"{behind(slower)}\n\n" + table(head, cells), groups


def prefix_section(lines):
    runs = runs_of(lines, "prefix")
    if not runs:
        return "No measurements yet."
    return table(["Model, prompt", "Server", "first ms", "second ms", "second / first"],
                 [[f"{model_name(run['model'])}, {run['prompt_tokens']} tokens", run["contestant"],
                   number(run["first_ms"]), number(run["second_ms"]), f"{run['second_to_first']:.3f}"] for run in runs])


def repetition_section(lines):
    runs = runs_of(lines, "repetition")
    if not runs:
        return "No measurements yet."
    cells = []
    for run in runs:
        for text, pairs in run["pairs"].items():
            with_guesses, without = ([run["tokens"] / seconds for seconds in side] for side in zip(*pairs))
            ratios = [plain / guessing for guessing, plain in pairs]
            cells.append([f"{model_name(run['model'])}, {text}", number(statistics.median(with_guesses)),
                          number(statistics.median(without)),
                          ratio_cell(statistics.median(ratios), (min(ratios), max(ratios)))])
    return table(["Model, text", "tokens/s", "without speculation", "ratio"], cells)


def start_section(lines):
    """From the start of a server to the first 200 of /health, and the memory it holds then."""
    runs = runs_of(lines, "start")
    if not runs:
        return "No measurements yet."
    cells = []
    for run in runs:
        ours = run["starts"][NEXT_START]
        for server, starts in run["starts"].items():
            seconds = [start[0] for start in starts]
            is_peer = server not in (FIRST_START, NEXT_START)
            ratios = [peer[0] / our[0] for peer, our in zip(starts, ours)] if is_peer else []
            cells.append([model_name(run["model"]), server, f"{statistics.median(seconds):.3f}", f"{min(seconds):.3f}",
                          ratio_cell(statistics.median(ratios), (min(ratios), max(ratios))) if ratios else "-",
                          str(round(statistics.median(start[1] for start in starts)))])
    return table(["Model", "Server", "start s, median", "fastest", "to our next starts", "memory MiB"], cells)


def replace_section(text, name, content):
    pattern = re.compile(rf"(<!-- begin {name} -->\n).*?(<!-- end {name} -->)", re.S)
    if not pattern.search(text):
        raise SystemExit(f"report: the page has no markers for {name}")
    return pattern.sub(lambda found: found[1] + content.rstrip() + "\n" + found[2], text)


def report(lines, page, images, only):
    with open(page, encoding="utf-8") as file:
        text = file.read()
    os.makedirs(images, exist_ok=True)
    sections = {"prefill": speed_section(lines, "single", "prefill"), "decode": speed_section(lines, "single", "decode"),
                "batched": speed_section(lines, "batched"), "long": speed_section(lines, "long"),
                "encode": speed_section(lines, "encode"),
                "serve": serve_section(lines)}
    titles = {"prefill": "Prefill, tokens/s", "decode": "Decode of one sequence, tokens/s",
              "batched": "Sequences decoded side by side, tokens/s of all", "long": "Long context, tokens/s",
              "encode": "Encoders, tokens/s",
              "serve": "Server, tokens/s of all clients"}
    limits = {"batched": "time to read + time to multiply", "serve": "prompt at the limit of prefill, then answer at that of the batch"}
    others = {"machine": machine_section, "attention": attention_section, "prefix": prefix_section,
              "repetition": repetition_section, "start": start_section}
    unknown = [name for name in only or () if name not in sections and name not in others]
    if unknown:
        raise SystemExit(f"report: no section {unknown[0]}: want some of {', '.join([*sections, *others])}")
    for name, (content, groups) in sections.items():
        if only and name not in only:
            continue
        if groups:
            with open(os.path.join(images, f"{name}.svg"), "w", encoding="utf-8") as file:
                file.write(bars(titles[name], groups, limits.get(name, "what the machine allows")))
            link = os.path.relpath(os.path.join(images, f"{name}.svg"), os.path.dirname(os.path.abspath(page)))
            content += f"\n\n![{titles[name]}]({link})"
        text = replace_section(text, name, content)
    for name, section in others.items():
        if not only or name in only:
            text = replace_section(text, name, section(lines))
    with open(page, "w", encoding="utf-8") as file:
        file.write(text)


def main(arguments):
    parser = argparse.ArgumentParser(prog="bench/report.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="+", metavar="FILE", help="results, as compare.sh and serve wrote them")
    parser.add_argument("--page", default=os.path.join(FOLDER, "performance.md"))
    parser.add_argument("--images", default=os.path.join(FOLDER, "img"))
    parser.add_argument("--only", metavar="SECTIONS", type=lambda names: names.split(","),
                        help="replace these sections of the page, and leave the others as they are")
    options = parser.parse_args(arguments)
    for path in options.results:
        if not os.path.exists(path):
            parser.error(f"{path}: no such file")
    report(read_all(options.results), options.page, options.images, options.only)


if __name__ == "__main__":
    main(sys.argv[1:])
