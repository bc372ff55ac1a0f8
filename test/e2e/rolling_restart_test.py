"""A rolling restart loses no request: instances behind nginx are replaced under load as the rendered Deployment says."""
import concurrent.futures
import dataclasses
import http.client
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest
import urllib.parse

import podman_engine
import program
from oci_registry import free_port

try:
    import yaml
except ImportError:
    yaml = None

NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
# An instance gets so little of a processor that its answers take seconds, of this test's tiny model too.
CPUS = "0.03"
SHORT_TOKENS, LONG_TOKENS_MAX, LONG_SECONDS = 16, 400, 15
# Of the time that the hook gives: when everybody has heard that the instance goes, and the requests that come last.
HEARD = 0.7
LAST_REQUESTS = 6
STRAGGLE_SECONDS = 0.2
SECONDS_MAX = 120  # for one answer; a stuck one is a lost one

# One try for each request, and connections that are used again: whatever a server does wrong, a client sees.
CONFIGURATION = """
daemon off; user root; worker_processes 1; pid nginx.pid; error_log error.log;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  upstream bot {{ {servers} keepalive 32; }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://bot; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering off; proxy_read_timeout 300s; proxy_next_upstream off;
      add_header X-Instance $upstream_addr always;
    }}
  }}
}}
"""


class Nginx:
    """Shares requests out to instances in turn."""

    def __init__(self, folder, addresses):
        self.folder, self.port = folder, free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.write(addresses)
        self.process = subprocess.Popen([NGINX, "-p", folder, "-e", "error.log", "-c", "nginx.conf"],
                                        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise AssertionError("nginx: " + self.log()) from error

    def write(self, addresses):
        servers = " ".join(f"server {address} max_fails=0;" for address in addresses)
        with open(os.path.join(self.folder, "nginx.conf"), "w", encoding="ascii") as file:
            file.write(CONFIGURATION.format(servers=servers, port=self.port))

    def reload(self, addresses):
        self.write(addresses)
        self.process.send_signal(signal.SIGHUP)

    def stop(self):
        self.process.terminate()
        self.process.wait(30)

    def log(self):
        with open(os.path.join(self.folder, "error.log"), encoding="utf-8") as file:
            return file.read()


@dataclasses.dataclass(frozen=True)
class Question:
    prompt: str
    tokens: int
    is_streamed: bool


@dataclasses.dataclass
class Answer:
    question: Question
    text: str
    began: float
    ended: float
    instance: str


def streamed_text(body):
    """Of a stream that ends as it should."""
    events = [line[len("data: "):] for line in body.decode().splitlines() if line.startswith("data: ")]
    if not events or events[-1] != "[DONE]":
        raise ValueError(f"the stream ends with {events[-1:]}")
    choices = [choice for event in events[:-1] for choice in json.loads(event).get("choices", [])]
    if [choice["finish_reason"] for choice in choices if choice.get("finish_reason")] != ["length"]:
        raise ValueError("the stream does not say once that it is whole")
    return "".join(choice["text"] for choice in choices)


def plain_text(body):
    [choice] = json.loads(body)["choices"]
    if choice["finish_reason"] != "length":
        raise ValueError(f"it ends because of {choice['finish_reason']}")
    return choice["text"]


def ask(url, question):
    """Raises for every answer that is not whole: http.client does when bytes are missing."""
    body = json.dumps({"model": "bot", "prompt": question.prompt, "max_tokens": question.tokens, "temperature": 0,
                       "ignore_eos": True, "stream": question.is_streamed})
    began = time.monotonic()
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=SECONDS_MAX)
    try:
        connection.request("POST", "/v1/completions", body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        data = response.read()
        if response.status != 200:
            raise ValueError(f"status {response.status}: {data[:200]}")
        text = streamed_text(data) if question.is_streamed else plain_text(data)
        # Without nginx in between it is the one that was asked.
        instance = response.headers.get("X-Instance", urllib.parse.urlsplit(url).netloc)
        return Answer(question, text, began, time.monotonic(), instance)
    finally:
        connection.close()


class Clients:
    """Threads that ask; each has its own question and asks it until told to end."""

    def __init__(self, url):
        self.url = url
        self.is_ended = threading.Event()
        self.answers, self.failures = [], []
        self.threads = []

    def ask(self, question, url=None):
        began = time.monotonic()
        try:
            self.answers.append(ask(url or self.url, question))
        except Exception as error:  # whatever it is, a request was lost
            self.failures.append(f"{question}, {time.monotonic() - began:.1f} s after it was sent: {error!r}")

    def ask_on(self, question):
        while not self.is_ended.is_set():
            self.ask(question)

    def start(self, what, *args):
        self.threads.append(threading.Thread(target=what, args=args, daemon=True))
        self.threads[-1].start()

    def end(self):
        self.is_ended.set()
        for thread in self.threads:
            thread.join(2 * SECONDS_MAX)


class Deployment:
    """What a cluster would take from the rendered file for an instance's start and end."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.spec = yaml.safe_load(file)["spec"]
        self.pod = self.spec["template"]["spec"]
        [self.server] = self.pod["containers"]
        self.hook_seconds = self.server["lifecycle"]["preStop"]["sleep"]["seconds"]
        self.grace_seconds = self.pod["terminationGracePeriodSeconds"]

    def flags(self):
        who = self.pod["securityContext"]
        flags = ["--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges",
                 "--user", f"{who['runAsUser']}:{who['runAsGroup']}",
                 "--memory", self.server["resources"]["limits"]["memory"].replace("Mi", "m")]
        for variable in self.server["env"]:
            flags += ["--env", f"{variable['name']}={variable['value']}"]
        for mount in self.server["volumeMounts"]:
            flags += ["--tmpfs", mount["mountPath"]]
        return flags


@dataclasses.dataclass
class Instance:
    name: str
    address: str
    told: float = 0.0    # when it began to go, and nobody else knew
    signal: float = 0.0  # when SIGTERM came


@unittest.skipIf(podman_engine.why_not(), podman_engine.why_not())
@unittest.skipUnless(NGINX, "no nginx")
@unittest.skipUnless(yaml, "no python3-yaml")
class RollingRestart(program.HomeTest):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.podman = podman_engine.Podman(self, self.path())
        self.addCleanup(self.podman.remove_all)
        self.tag = f"localhost/sixfold-test-{os.getpid()}:1.0"
        self.numbers = itertools.count(1)
        with open(self.path("sixfold.yaml"), "w", encoding="utf-8") as file:
            file.write("apiVersion: sixfold/v1\nname: bot\ntargets:\n"
                       f"  container: {{image: '{self.tag}', archive: bot.tar}}\n"
                       f"  kubernetes: {{image: '{self.tag}', replicas: 2, model: {{from: image}},"
                       " resources: {cpu: 500m, memory: 512Mi}}\n")
        self.good("deploy", "container", "-f", self.path("sixfold.yaml"), "--yes")
        self.podman("load", "-i", self.path("bot.tar"))
        self.good("plan", "kubernetes", "-f", self.path("sixfold.yaml"), "--out", self.path("out"))
        self.deployment = Deployment(self.path("out/kubernetes/deployment.yaml"))

    def start(self):
        """A new instance that answers /readyz."""
        port = free_port()
        instance = Instance(f"sixfold-test-{os.getpid()}-{next(self.numbers)}", f"127.0.0.1:{port}")
        container = self.deployment.server
        self.podman("run", "-d", "--name", instance.name, "--cpus", CPUS,
                    "-p", f"{instance.address}:{container['ports'][0]['containerPort']}", *self.deployment.flags(),
                    container["image"], *container["args"])
        self.podman.wait_ready(instance.name, "http://" + instance.address)
        return instance

    def long_tokens(self, instance):
        """So many that an answer takes about LONG_SECONDS when others are answered too."""
        question = Question("The wind", 4 * SHORT_TOKENS, True)
        with concurrent.futures.ThreadPoolExecutor(LAST_REQUESTS) as pool:
            answers = list(pool.map(lambda _: ask("http://" + instance.address, question), range(LAST_REQUESTS)))
        seconds = max(answer.ended - answer.began for answer in answers)
        return max(SHORT_TOKENS, min(LONG_TOKENS_MAX, int(question.tokens * LONG_SECONDS / seconds)))

    def replace(self, old, nginx, instances, clients, last_questions, straggler):
        """As a cluster does: one more is there and ready, then one goes."""
        new = self.start()
        nginx.reload([instance.address for instance in [*instances, new]])
        instances[instances.index(old)] = new
        # From here two things run that do not wait for each other: the hook, which is a sleep that happens outside of the
        # container, and the news that the instance goes.
        old.told = time.monotonic()
        time.sleep(HEARD * self.deployment.hook_seconds)
        for question in last_questions:
            clients.start(clients.ask, question)
        time.sleep(0.5)  # they are on their way
        nginx.reload([instance.address for instance in instances])
        time.sleep(max(0.0, old.told + self.deployment.hook_seconds - STRAGGLE_SECONDS - time.monotonic()))
        # Somebody who never hears, so that an answer is under way at the signal however fast the others were.
        clients.start(clients.ask, straggler, "http://" + old.address)
        time.sleep(STRAGGLE_SECONDS)
        old.signal = time.monotonic()
        left = self.deployment.grace_seconds - self.deployment.hook_seconds
        self.podman("stop", "-t", str(left), old.name)
        took = time.monotonic() - old.signal
        self.assertEqual(self.podman.inspect(old.name)["State"]["ExitCode"], 0, self.podman.log(old.name))
        self.assertLess(took, left)
        self.podman("rm", old.name)
        return took

    def test_every_request_is_answered_whole(self):
        self.assertEqual(self.deployment.spec["strategy"]["rollingUpdate"], {"maxSurge": 1, "maxUnavailable": 0})
        instances = [self.start() for _ in range(self.deployment.spec["replicas"])]
        going = list(instances)
        tokens = self.long_tokens(instances[0])
        prompts = ("Once upon a time", "The moon", "A small dog")
        questions = [Question(prompt, count, is_streamed) for prompt, (count, is_streamed) in zip(
            itertools.cycle(prompts), itertools.product((SHORT_TOKENS, tokens), (False, True)))]
        last = [Question(prompt, tokens, is_streamed) for prompt, is_streamed in itertools.product(prompts, (False, True))]
        self.assertEqual(len(last), LAST_REQUESTS)
        straggler = Question("The river", max(tokens, 4 * SHORT_TOKENS), True)
        with program.Server("--name", "bot") as local:
            expected = {question: ask(local.url, question).text for question in {*questions, *last, straggler}}

        os.mkdir(self.path("nginx"))
        nginx = Nginx(self.path("nginx"), [instance.address for instance in instances])
        self.addCleanup(nginx.stop)
        clients = Clients(nginx.url)
        self.addCleanup(clients.end)
        for question in questions:
            clients.start(clients.ask_on, question)
        seconds = [self.replace(old, nginx, instances, clients, last, straggler) for old in going]
        clients.end()

        self.assertEqual(clients.failures, [], nginx.log())
        self.assertFalse([thread for thread in clients.threads if thread.is_alive()])
        for answer in clients.answers:
            self.assertEqual(answer.text, expected[answer.question], answer.question)
        # The test was one: instances got requests after they had begun to go, and had answers to end at their signal.
        for old in going:
            own = [answer for answer in clients.answers if answer.instance == old.address]
            late = [answer for answer in own if answer.began > old.told]
            crossing = [answer for answer in own if answer.began < old.signal < answer.ended]
            print(f"{old.name}: {len(own)} answers, {len(late)} of them asked for when it was going, {len(crossing)} ended "
                  "after the signal", flush=True)
            self.assertTrue(late)
            self.assertTrue(crossing)
        self.assertEqual({answer.instance for answer in clients.answers},
                         {instance.address for instance in [*going, *instances]})
        print(f"{len(clients.answers)} answers, long ones of {tokens} tokens; ends took "
              + ", ".join(f"{took:.1f} s" for took in seconds), flush=True)


if __name__ == "__main__":
    unittest.main()
