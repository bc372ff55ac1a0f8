"""The chart of `helm`: its objects are those of `kubernetes`, its values do what they say, its schema refuses the rest."""
import copy
import os
import stat
import unittest

import yaml

import program
from chart_tool import ChartTest, Refused

MANIFESTS = os.path.join(program.SOURCE_DIR, "test/deploy/manifests")
MANAGER = "app.kubernetes.io/managed-by"


def manifest(name):
    with open(os.path.join(MANIFESTS, name + ".yaml"), encoding="utf-8") as file:
        return yaml.safe_load(file)


def changed(document, path, value):
    """A copy of a manifest whose targets' key at `path` is another; None: is not there."""
    document = copy.deepcopy(document)
    *groups, last = path.split(".")
    for target in ("helm", "kubernetes"):
        section = document["targets"][target]
        for group in groups:
            section = section.setdefault(group, {})
        if value is None:
            section.pop(last, None)
        else:
            section[last] = value
        # One section with two names would be changed twice.
        document["targets"][target] = copy.deepcopy(document["targets"][target])
    return document


def labels_in(value):
    """All maps that hold the label of who manages an object."""
    if isinstance(value, dict):
        if MANAGER in value:
            yield value
        for inner in value.values():
            yield from labels_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from labels_in(inner)


class Charts(ChartTest):
    def assert_same_objects(self, rendered, document):
        """The chart's objects are those of the manifest but for two things: Helm manages them, and puts them into the
        release's namespace without a word in the templates."""
        plain = self.plain_objects(document)
        space = document["targets"]["kubernetes"].get("namespace")
        self.assertEqual(sorted(rendered), sorted(plain))
        for key, theirs in plain.items():
            ours = copy.deepcopy(rendered[key])
            for labels in labels_in(ours):
                self.assertEqual(labels[MANAGER], "Helm")
                labels[MANAGER] = "sixfold"
            self.assertNotIn("namespace", ours["metadata"])
            self.assertEqual(theirs["metadata"].pop("namespace", None), space)
            self.assertEqual(ours, theirs, key)

    def test_nothing_chosen_gives_the_objects_of_the_manifest(self):
        for name in ("smallest", "typical", "everything"):
            with self.subTest(name):
                self.assert_same_objects(self.render(self.chart(manifest(name))), manifest(name))

    def test_a_value_does_what_the_manifest_s_key_does(self):
        pulled = "hf:org/other/model.gguf"
        for name, values, keys in [
            ("smallest", {"replicas": 3}, {"replicas": 3}),
            ("smallest", {"image": "registry.example/tiny:2.0"}, {"image": "registry.example/tiny:2.0"}),
            ("typical", {"resources": {"cpu": "8"}}, {"resources.cpu": "8"}),
            ("typical", {"resources": {"cpu": 8}}, {"resources.cpu": "8"}),
            ("typical", {"resources": {"cpu": 1.5, "memory": "1Ti"}}, {"resources.cpu": "1.5", "resources.memory": "1Ti"}),
            ("typical", {"image": "localhost:5000/bot:v2.0-rc.1"}, {"image": "localhost:5000/bot:v2.0-rc.1"}),
            ("typical", {"model": {"size": "8Gi", "secret": "other"}}, {"model.size": "8Gi", "model.secret": "other"}),
            ("typical", {"scaling": {"min": 3, "max": 9}}, {"scaling.min": 3, "scaling.max": 9}),
            ("typical", {"scaling": {"targetQueueDepth": 9, "targetCpu": 50, "targetKvUsage": "500m"}},
             {"scaling.target_queue_depth": 9, "scaling.target_cpu_percent": 50, "scaling.target_kv_percent": 50}),
            ("typical", {"ingress": {"host": "b.example", "path": "/bot", "class": "haproxy", "tlsSecret": "b"}},
             {"ingress.host": "b.example", "ingress.path": "/bot", "ingress.class": "haproxy", "ingress.tls_secret": "b"}),
            ("typical", {"scaling": {"enabled": False}, "replicas": 5}, {"scaling": None, "replicas": 5}),
            ("typical", {"ingress": {"enabled": False}}, {"ingress": None}),
            ("typical", {"networkPolicy": {"enabled": False}}, {"network_policy": False}),
            ("everything", {"ingress": {"enabled": False}}, {"ingress": None}),
            ("everything", {"route": {"enabled": False}}, {"route": None}),
            ("everything", {"canary": {"enabled": False}}, {"canary": None}),
            ("everything", {"monitor": {"enabled": False}}, {"monitor": None}),
            ("everything", {"scaling": {"enabled": False}}, {"scaling": None}),
            ("everything", {"canary": {"enabled": False}, "ingress": {"enabled": False}}, {"canary": None, "ingress": None}),
            ("everything", {"scaling": {"min": 4, "targetQueueDepth": 2, "targetKvUsage": "0.50", "prometheus": "http://p:1"}},
             {"scaling.min": 4, "scaling.target_queue_depth": 2, "scaling.target_kv_percent": 50,
              "scaling.prometheus": "http://p:1"}),
            ("everything", {"canary": {"weight": 40, "replicas": 7, "image": "registry.example/team/everything:3.0"}},
             {"canary.percent": 40, "canary.replicas": 7, "canary.image": "registry.example/team/everything:3.0"}),
            ("everything", {"route": {"gateway": "g", "gatewayNamespace": "gateways-2", "host": "h.example", "path": "/p"}},
             {"route.gateway": "g", "route.gateway_namespace": "gateways-2", "route.host": "h.example", "route.path": "/p"}),
            ("everything", {"model": {"claim": "others"}}, {"model.claim": "others"}),
            ("everything", {"env": {"AWS_REGION": "us-east-1"}}, {"env.AWS_REGION": "us-east-1"}),
            ("everything", {"nameOverride": "all"}, {"name": "all"}),
        ]:
            with self.subTest(f"{name} {values}"):
                document = manifest(name)
                chart = self.chart(document)
                for path, value in keys.items():
                    document = changed(document, path, value)
                self.assert_same_objects(self.render(chart, values), document)
        with self.subTest("the model that is pulled is the one that is served"):
            document = manifest("typical")
            chart = self.chart(document)
            document["model"]["source"] = pulled
            self.assert_same_objects(self.render(chart, {"model": {"source": pulled}}), document)

    def test_a_canary_has_no_ingress_where_there_is_none(self):
        chart = self.chart(manifest("everything"))
        objects = self.render(chart, {"ingress": {"enabled": False}, "route": {"enabled": False}})
        self.assertNotIn("Ingress", [kind for kind, _ in objects])
        self.assertIn(("Deployment", "everything-canary"), objects)

    def test_values_on_the_command_line_are_what_they_look_like(self):
        chart = self.chart(manifest("typical"))
        objects = self.render(chart, sets=["resources.cpu=3", "scaling.targetKvUsage=0.6", "scaling.max=20",
                                           "ingress.enabled=false", "resources.memory=4000000000"])
        resources = objects["Deployment", "support-bot"]["spec"]["template"]["spec"]["containers"][0]["resources"]
        self.assertEqual(resources["requests"], {"cpu": "3", "memory": "4000000000"})
        scaler = objects["HorizontalPodAutoscaler", "support-bot"]["spec"]
        self.assertEqual((scaler["maxReplicas"], scaler["metrics"][1]["pods"]["target"]["averageValue"]), (20, "0.6"))

    def test_releases_have_names_that_objects_may_have(self):
        chart = self.chart(manifest("everything"))
        for release, name in [("prod", "prod"), ("team.prod", "team-prod"), ("a" * 45 + "-" + "b" * 7, "a" * 45)]:
            with self.subTest(release):
                objects = self.render(chart, name=release)
                self.assertIn(("Service", name), objects)
                self.assertIn(("Service", name + "-canary"), objects)
                pods = objects["Deployment", name]["spec"]["template"]["metadata"]["labels"]
                for kind in ("Service", "NetworkPolicy", "PodDisruptionBudget"):
                    spec = objects[kind, name]["spec"]
                    wanted = spec.get("podSelector", spec.get("selector"))
                    self.assertLessEqual(wanted.get("matchLabels", wanted).items(), pods.items())

    def test_texts_of_the_manifest_are_texts_in_the_chart(self):
        document = manifest("smallest")
        document["name"] = "a {{ fail \"name\" }} @@0@@"
        for target in ("kubernetes", "helm"):
            document["targets"][target]["name"] = "tiny"
            document["targets"][target]["env"] = {
                "BRACES": "{{ .Values.nothing }} {{- fail \"x\" }}", "MARKS": "@@0@@ @@.name@@ @@x", "EMPTY": "",
                "YAML": "yes", "LINES": "a\n  b: \"c\"\n---\n", "LETTERS": "ä\t\\", "NUMBER": "1e3", "N": "n"}
        self.assert_same_objects(self.render(self.chart(document)), document)

    def test_the_version_is_the_image_s_tag(self):
        chart = self.chart(manifest("typical"))
        digest = "@sha256:" + "0" * 64
        for image, version in [("r.example:5000/bot:1.5", "1.5"), ("r.example:5000/bot", ""), ("bot:1.5" + digest, ""),
                               ("bot:" + "x" * 100, "x" * 63), ("bot:1.0-", "1.0")]:
            labels = self.render(chart, {"image": image})["Deployment", "support-bot"]["metadata"]["labels"]
            self.assertEqual(labels["app.kubernetes.io/version"], version, image)

    def test_values_that_make_no_sense_are_refused(self):
        for name, values, word in [
            ("smallest", {"replicas": -1}, "minimum"),
            ("smallest", {"replicas": "two"}, "integer"),
            ("smallest", {"replicas": 1.5}, "integer"),
            ("smallest", {"replicas": 100000}, "maximum"),
            ("smallest", {"replicas": None}, "required"),
            ("smallest", {"replica": 2}, "replica"),
            ("smallest", {"image": ""}, "short|non-empty"),
            ("smallest", {"image": 7}, "string"),
            ("smallest", {"image": None}, "required"),
            ("smallest", {"image": {"tag": "2.0"}}, "string"),
            ("smallest", {"args": "serve"}, "array"),
            ("smallest", {"args": ["serve", 8080]}, "string"),
            ("smallest", {"resources": {"cpu": "four"}}, "match"),
            ("smallest", {"resources": {"memory": "4GB"}}, "match"),
            ("smallest", {"resources": {"cpu": -2}}, "minimum"),
            ("smallest", {"resources": {"cpu": None}}, "required"),
            ("smallest", {"resources": {"gpu": 1}}, "gpu"),
            ("smallest", {"resources": None}, "required"),
            ("smallest", {"ingress": {"enabled": True}}, "ingress"),
            ("smallest", {"networkPolicy": {"enabled": "yes"}}, "boolean"),
            ("smallest", {"nameOverride": "Not A Name"}, "match"),
            ("typical", {"scaling": {"min": 0}}, "minimum"),
            ("typical", {"scaling": {"targetCpu": 101}}, "maximum"),
            ("typical", {"scaling": {"enabled": 1}}, "boolean"),
            ("typical", {"ingress": {"host": ""}}, "short|non-empty"),
            ("typical", {"model": {"size": "big"}}, "match"),
            ("everything", {"canary": {"weight": 101}}, "maximum"),
            ("everything", {"canary": {"weight": "5"}}, "integer"),
            ("everything", {"env": {"AWS_REGION": 1}}, "string"),
        ]:
            with self.subTest(f"{name} {values}"):
                with self.assertRaisesRegex(Refused, word):
                    self.render(self.chart(manifest(name)), values)


# Stands for Helm where it is not installed: writes down what it is asked for.
TOOL = """#!/bin/sh
echo "$*" >> "$HELM_LOG"
if [ "$1" = --namespace ]; then shift 2; fi
if [ "$1" = upgrade ]; then test -f "$4/Chart.yaml" || exit 3; fi
"""


class Commands(program.HomeTest):
    def setUp(self):
        super().setUp()
        os.makedirs(self.path("bin"))
        with open(self.path("bin/helm"), "w", encoding="ascii") as file:
            file.write(TOOL)
        os.chmod(self.path("bin/helm"), stat.S_IRWXU)

    def environment(self, extra=None):
        return super().environment({"PATH": self.path("bin") + ":" + os.environ["PATH"], "HELM_LOG": self.path("log"),
                                    **(extra or {})})

    def calls(self, *arguments):
        self.good(*arguments, "--state", self.path("state"))
        with open(self.path("log"), encoding="utf-8") as file:
            lines = [line.replace(self.path(""), "") for line in file.read().splitlines()]
        os.remove(self.path("log"))
        return lines

    def test_the_release_is_put_where_the_manifest_says(self):
        for name, chart, space in [("smallest", "tiny", ""), ("typical", "support-bot", "--namespace bots ")]:
            file = os.path.join(MANIFESTS, name + ".yaml")
            (call,) = self.calls("deploy", "helm", "--file", file, "--yes")
            self.assertTrue(call.startswith(f"{space}upgrade --install {chart} "), call)
            self.assertEqual(self.calls("status", "helm", "--file", file), [f"{space}status {chart}"])
            (call,) = self.calls("undeploy", "helm", "--file", file, "--yes")
            self.assertTrue(call.startswith(f"{space}uninstall {chart} "), call)


if __name__ == "__main__":
    unittest.main()
