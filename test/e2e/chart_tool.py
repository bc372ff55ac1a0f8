"""Renders charts: with chart_renderer, which is built from source when a test needs it, and with Helm where it is installed."""
import json
import os
import shutil
import subprocess
import tempfile
import unittest

import jsonschema
import yaml

import program

GO_SOURCES = "/usr/share/gocode"  # where Debian's packages have them
HELM = shutil.which("helm")


class Refused(Exception):
    """By values.schema.json, or by the templates."""


class ChartTest(program.HomeTest):
    """Charts from manifests, rendered with values."""

    @classmethod
    def setUpClass(cls):
        needed = [os.path.join(GO_SOURCES, "src", path) for path in ("github.com/Masterminds/sprig", "sigs.k8s.io/yaml")]
        missing = [path for path in needed if not os.path.isdir(path)]
        if shutil.which("go") is None or missing:
            raise unittest.SkipTest(f"no Go compiler, or no {missing}")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.renderer = os.path.join(folder.name, "chart_renderer")
        done = subprocess.run(["go", "build", "-o", cls.renderer, "."], capture_output=True, text=True, check=False,
                              cwd=os.path.join(program.SOURCE_DIR, "test/e2e/chart_renderer"),
                              env={**os.environ, "GO111MODULE": "off", "GOPATH": GO_SOURCES, "GOFLAGS": "",
                                   "GOCACHE": os.environ.get("GOCACHE") or os.path.join(folder.name, "cache")})
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def plan(self, target, manifest):
        """The folder of the files that a manifest (a value) becomes."""
        with open(self.path("sixfold.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump(manifest, file)
        shutil.rmtree(self.path("out", target), ignore_errors=True)
        self.good("plan", target, "--file", self.path("sixfold.yaml"), "--out", self.path("out"))
        return self.path("out", target)

    def plain_objects(self, manifest):
        """{(kind, name): object} that `kubernetes` gives."""
        folder = self.plan("kubernetes", manifest)
        texts = []
        for name in sorted(os.listdir(folder)):
            if name != "kustomization.yaml":
                with open(os.path.join(folder, name), encoding="utf-8") as file:
                    texts.append(file.read())
        return by_name("\n---\n".join(texts))

    def chart(self, manifest):
        folder = self.plan("helm", manifest)
        (name,) = os.listdir(folder)
        return os.path.join(folder, name)

    def render(self, chart, values=None, sets=(), name=None, namespace="default"):
        """{(kind, name): object}; raises Refused.  values: as in a file, sets: as on a command line."""
        name = name or os.path.basename(chart)
        own = ["-f", self.path("values.yaml")]
        with open(self.path("values.yaml"), "w", encoding="utf-8") as file:
            yaml.safe_dump(values or {}, file)
        for setting in sets:
            own += ["--set", setting]
        with open(os.path.join(chart, "values.schema.json"), encoding="utf-8") as file:
            schema = json.load(file)
        jsonschema.Draft7Validator.check_schema(schema)
        merged = json.loads(self.tool([self.renderer, "--values", *own, chart]))
        wrong = list(jsonschema.Draft7Validator(schema).iter_errors(merged))
        if wrong:
            self.assert_helm_refuses(chart, own)
            raise Refused("; ".join(f"{list(error.path)}: {error.message}" for error in wrong))
        objects = by_name(self.tool([self.renderer, "--name", name, "--namespace", namespace, *own, chart]))
        if HELM:
            text = self.tool([HELM, "template", name, chart, "--namespace", namespace, *own])
            self.assertEqual(by_name(text), objects)
            self.tool([HELM, "lint", "--strict", chart, *own])
        return objects

    def tool(self, command):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Refused(done.stderr)
        return done.stdout

    def assert_helm_refuses(self, chart, own):
        if HELM:
            with self.assertRaises(Refused):
                self.tool([HELM, "template", "release", chart, *own])


def by_name(text):
    objects = {}
    for document in yaml.safe_load_all(text):
        if document is not None:
            key = (document["kind"], document["metadata"]["name"])
            assert key not in objects, key
            objects[key] = document
    return objects
