"""Runs the endpoint tests in cases/*.http against a real server.  README.md here explains the files.

usage: run_cases.py --program build/release/bin/sixfold [--url http://...] FILE...
"""
import argparse
import http.client
import json
import re
import sys
import urllib.parse

from running_server import RunningServer

MISSING = object()


class Case:
    """One request and what its answer must be."""

    def __init__(self, file, line, name):
        self.where = f"{file}:{line}"
        self.name = name
        self.method = self.target = None
        self.headers = {}
        self.body = ""
        self.status = None
        self.checks = []  # (line number, text)


def read_cases(path):
    cases, case, part = [], None, None
    with open(path, encoding="utf-8") as file:
        for number, raw in enumerate(file, 1):
            line = raw.rstrip("\n")
            if line.startswith("### "):
                case, part = Case(path, number, line[4:]), "request"
                cases.append(case)
            elif case is None or (line.startswith("#") and part != "body"):
                continue
            elif line.startswith("=> "):
                case.status, part = int(line[3:]), "checks"
            elif part == "request" and line:
                case.method, case.target = line.split(" ", 1)
                part = "headers"
            elif part == "headers":
                if not line:
                    part = "body"
                else:
                    name, value = line.split(":", 1)
                    case.headers[name.strip()] = value.strip()
            elif part == "body":
                case.body += line + "\n"
            elif part == "checks" and line:
                case.checks.append((number, line))
    for case in cases:
        if case.method is None or case.status is None:
            sys.exit(f"{case.where}: a case needs a request line and an expected status (=> 200)")
    return cases


def value_at(document, path):
    """$.choices[0].text and the like."""
    value = document
    for name, index in re.findall(r"\.([A-Za-z0-9_]+)|\[(-?[0-9]+)\]", path):
        try:
            value = value[name] if name else value[int(index)]
        except (KeyError, IndexError, TypeError):
            return MISSING
    return value


KINDS = {
    "string": lambda v: isinstance(v, str),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}


def check_value(document, path, rest):
    """Returns what is wrong, or None."""
    value = value_at(document, path)
    if rest == "absent":
        return None if value is MISSING else f"{path} is {json.dumps(value)}, want none"
    if value is MISSING:
        return f"{path} is absent in {json.dumps(document)[:400]}"
    operator, _, operand = rest.partition(" ")
    if operator == "is":
        good = KINDS[operand](value)
    elif operator == "==":
        good = value == json.loads(operand)
    elif operator == "!=":
        good = value != json.loads(operand)
    elif operator == "~":
        good = isinstance(value, str) and re.search(operand, value) is not None
    elif operator == "has":
        good = len(value) == int(operand.split()[0])
    elif operator in ("<=", ">="):
        good = value <= json.loads(operand) if operator == "<=" else value >= json.loads(operand)
    else:
        return f"unknown check: {path} {rest}"
    return None if good else f"{path} is {json.dumps(value)}, want {rest}"


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.text = response.read().decode("utf-8")

    def events(self):
        """The data of each server-sent event, with or without a name."""
        lines = [[line for line in block.split("\n") if line.startswith("data: ")] for block in self.text.split("\n\n")]
        return ["\n".join(line[len("data: "):] for line in block) for block in lines if block]

    def check(self, text):
        """Returns what is wrong, or None."""
        if text.startswith("body contains "):
            return None if text[14:] in self.text else f"the body lacks {text[14:]!r}: {self.text[:400]!r}"
        if text.startswith("body lacks "):
            return None if text[11:] not in self.text else f"the body contains {text[11:]!r}"
        if text.startswith("header "):
            name, _, rest = text[7:].partition(" ")
            value = self.headers.get(name)
            if rest == "absent":
                return None if value is None else f"header {name} is {value!r}, want none"
            wanted = rest.partition(" ")[2]
            good = value is not None and (value == wanted if rest.startswith("== ") else re.search(wanted, value))
            return None if good else f"header {name} is {value!r}, want {rest}"
        if text.startswith("event "):
            index, _, rest = text[6:].partition(" ")
            events = self.events()
            if not -len(events) <= int(index) < len(events):
                return f"there are {len(events)} events: {self.text[:400]!r}"
            event = events[int(index)]
            if rest.startswith("== ["):
                return None if event == rest[3:] else f"event {index} is {event!r}, want {rest[3:]}"
            path, _, check = rest.partition(" ")
            return check_value(json.loads(event), path, check)
        if text.startswith("each event "):
            path, _, check = text[11:].partition(" ")
            documents = [json.loads(event) for event in self.events() if event != "[DONE]"]
            if check == "same":
                values = {json.dumps(value_at(document, path)) for document in documents}
                return None if len(values) == 1 else f"{path} differs between events: {sorted(values)}"
            return next(filter(None, (check_value(document, path, check) for document in documents)), None)
        if text.startswith("$"):
            path, _, rest = text.partition(" ")
            try:
                return check_value(json.loads(self.text), path, rest)
            except json.JSONDecodeError as error:
                return f"the body is not JSON ({error}): {self.text[:400]!r}"
        return f"unknown check: {text}"


def run(case, host, port):
    """Returns a list of what is wrong."""
    connection = http.client.HTTPConnection(host, port, timeout=120)
    headers = dict(case.headers)
    body = case.body.strip().encode() if case.body.strip() else None
    if body is not None:
        headers.setdefault("Content-Type", "application/json")
    connection.request(case.method, case.target, body=body, headers=headers)
    answer = Answer(connection.getresponse())
    connection.close()
    if answer.status != case.status:
        return [f"{case.where}: status {answer.status}, want {case.status}: {answer.text[:400]!r}"]
    file = case.where.rpartition(":")[0]
    problems = ((number, answer.check(text)) for number, text in case.checks)
    return [f"{file}:{number}: {problem}" for number, problem in problems if problem]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", help="the sixfold binary to start")
    parser.add_argument("--url", help="a server that already runs, instead")
    parser.add_argument("files", nargs="+")
    arguments = parser.parse_args()
    cases = [case for path in arguments.files for case in read_cases(path)]

    def run_all(host, port):
        failed = 0
        for case in cases:
            problems = run(case, host, port)
            print("ok   " if not problems else "FAIL ", case.name)
            for problem in problems:
                print("     ", problem)
            failed += bool(problems)
        print(f"{len(cases) - failed} of {len(cases)} cases passed")
        return failed

    if arguments.url:
        address = urllib.parse.urlsplit(arguments.url)
        sys.exit(1 if run_all(address.hostname, address.port) else 0)
    with RunningServer(arguments.program) as server:
        failed = run_all(server.host, server.port)
    if server.exit_code != 0:
        print(f"the server ended with {server.exit_code}:\n{server.log()}")
    sys.exit(1 if failed or server.exit_code != 0 or not cases else 0)


if __name__ == "__main__":
    main()
