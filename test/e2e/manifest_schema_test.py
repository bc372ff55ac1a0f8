"""docs/sixfold.schema.json says the same about a manifest as the program does."""
import copy
import glob
import json
import os
import re
import unittest

import program
import yaml

try:
    import jsonschema
except ImportError:
    jsonschema = None

MANIFESTS = sorted(glob.glob(os.path.join(program.SOURCE_DIR, "test/deploy/manifests/*.yaml")))
PROBE = "zzzzzzzzzzzzzzzz"
# What the three manifests do not show: keys that go with a choice, and sections that they leave out.
FURTHER = [
    {"model": {"source": "m.gguf", "sha256": "0" * 64}, "serve": {"host": "::", "port": 1, "weight_cache": "off"}},
    {"kubernetes": {"image": "r.example/a:1", "replicas": 2, "model": {"from": "pull"}}},
    {"kubernetes": {"image": "r.example/a:1", "model": {"from": "image_volume", "image": "r.example/m:1", "path": "m"}}},
    {"kubernetes": {"image": "r.example/a:1", "route": {"gateway": "g"}, "pool": {"endpoint_picker": "p"}}},
]


def folder_of_kind(schema, root, path):
    """The schema of the map at `path`."""
    for key in path:
        schema = schema["properties"][key]
        if "$ref" in schema:
            schema = root["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


def maps_in(value, path=()):
    if isinstance(value, dict):
        yield path
        for key, inner in value.items():
            yield from maps_in(inner, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


class Schema(program.HomeTest):
    def setUp(self):
        super().setUp()
        with open(os.path.join(program.SOURCE_DIR, "docs/sixfold.schema.json"), encoding="utf-8") as file:
            self.schema = json.load(file)
        self.manifests = []
        for path in MANIFESTS:
            with open(path, encoding="utf-8") as file:
                self.manifests.append(yaml.safe_load(file))
        for more in FURTHER:
            manifest = {"apiVersion": "sixfold/v1", "name": "more", "targets": {"compose": {"image": "r.example/a:1"}}}
            if "kubernetes" in more:
                manifest["targets"] = more
                manifest["model"] = {"source": "hf:org/name"}
            else:
                manifest.update(more)
                manifest["targets"] = {"container": {"push": False}}
            self.manifests.append(manifest)
        # Programs that the manifests name.
        for path in ("sixfold", "build/amd64/sixfold", "build/arm64", "m.gguf"):
            os.makedirs(os.path.dirname(self.path(path)), exist_ok=True)
            with open(self.path(path), "w", encoding="ascii"):
                pass

    def plan(self, manifest):
        with open(self.path("sixfold.yaml"), "w", encoding="utf-8") as file:
            json.dump(manifest, file)  # JSON is YAML
        return self.run_program("plan", "-f", self.path("sixfold.yaml"))

    def valid(self, manifest):
        return not list(jsonschema.Draft7Validator(self.schema).iter_errors(manifest))

    def known_keys(self, manifest, path):
        probed = copy.deepcopy(manifest)
        at(probed, path)[PROBE] = 1
        message = self.plan(probed).stderr.decode()
        found = re.search(f'unknown key "{PROBE}" in \\S.*; known keys: (.*)', message)
        return set(found[1].split(", ")) if found else None

    def test_it_names_the_keys_that_the_program_knows(self):
        seen = {}
        for manifest in self.manifests:
            for path in maps_in(manifest):
                known = self.known_keys(manifest, path)
                if known is None:
                    continue  # a map whose keys are free, and the list of targets
                own = tuple("kubernetes" if key == "helm" else key for key in path)
                properties = set(folder_of_kind(self.schema, self.schema, own)["properties"])
                self.assertLessEqual(known, properties, own)
                seen.setdefault(own, set()).update(known)
        self.assertGreater(len(seen), 10)
        for path, known in seen.items():
            self.assertEqual(known, set(folder_of_kind(self.schema, self.schema, path)["properties"]), path)

    @unittest.skipUnless(jsonschema, "no python3-jsonschema")
    def test_both_take_the_same_manifests(self):
        jsonschema.Draft7Validator.check_schema(self.schema)
        for manifest in self.manifests:
            done = self.plan(manifest)
            self.assertTrue(self.valid(manifest), manifest)
            self.assertIn(done.returncode, (0, 65, 66), done.stderr.decode())
            self.assertNotIn("unknown key", done.stderr.decode())

    @unittest.skipUnless(jsonschema, "no python3-jsonschema")
    def test_both_refuse_values_of_the_wrong_kind(self):
        count = 0
        for manifest in self.manifests:
            for path in maps_in(manifest):
                for key, value in at(manifest, path).items():
                    if path == () and key in ("name", "targets"):
                        continue
                    damaged = copy.deepcopy(manifest)
                    at(damaged, path)[key] = "text" if isinstance(value, (dict, list)) else {"a": {"b": 1}}
                    with self.subTest(path=path, key=key):
                        self.assertFalse(self.valid(damaged))
                        self.assertEqual(self.plan(damaged).returncode, 65)
                    count += 1
        self.assertGreater(count, 80)


if __name__ == "__main__":
    unittest.main()
