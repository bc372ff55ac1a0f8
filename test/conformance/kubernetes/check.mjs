// Every rendered object against the schema of its API version, and every field of it against the fields that the API has.
// usage: node check.mjs FOLDER...     each with the YAML files of one deployment
import fs from "node:fs";
import path from "node:path";
import YAML from "yaml";

const modules = {
  "apps/v1": "kubernetes-models/apps/v1",
  "autoscaling/v2": "kubernetes-models/autoscaling/v2",
  "networking.k8s.io/v1": "kubernetes-models/networking.k8s.io/v1",
  "policy/v1": "kubernetes-models/policy/v1",
  v1: "kubernetes-models/v1",
  "gateway.networking.k8s.io/v1": "@kubernetes-models/gateway-api/gateway.networking.k8s.io/v1",
  "keda.sh/v1alpha1": "@kubernetes-models/keda/keda.sh/v1alpha1",
  "monitoring.coreos.com/v1": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1",
};
// The inference extension has no package; its objects are checked by hand in the tests of deploy/kubernetes.
const unknownKinds = new Set(["InferencePool"]);

let failures = 0;
const seen = new Map();
function fail(where, message) {
  console.error(`${where}: ${message}`);
  ++failures;
}

for (const folder of process.argv.slice(2)) {
  const objects = [];
  for (const name of fs.readdirSync(folder).sort()) {
    const where = path.join(folder, name);
    // YAML 1.1 is what Kubernetes' tools read.
    const document = YAML.parse(fs.readFileSync(where, "utf8"), { version: "1.1" });
    if (document.kind === "Kustomization") {
      const listed = [...document.resources].sort();
      const there = fs.readdirSync(folder).filter((file) => file !== name).sort();
      if (JSON.stringify(listed) !== JSON.stringify(there)) fail(where, `lists ${listed}, there are ${there}`);
      continue;
    }
    objects.push({ where, document });
    if (unknownKinds.has(document.kind)) continue;
    if (!(document.apiVersion in modules)) {
      fail(where, `no schema for ${document.apiVersion}`);
      continue;
    }
    const { [document.kind]: Kind } = await import(modules[document.apiVersion]);
    if (Kind === undefined) {
      fail(where, `${document.apiVersion} has no ${document.kind}`);
      continue;
    }
    try {
      new Kind(document).validate();
    } catch (error) {
      fail(where, error.message);
    }
    seen.set(document.kind, (seen.get(document.kind) ?? 0) + 1);
  }
  // What the schemas do not say: selectors find the pods that the deployment makes.
  const labelsOf = objects.filter(({ document }) => document.kind === "Deployment")
    .map(({ document }) => document.spec.template.metadata.labels);
  const matches = (selector) =>
    labelsOf.some((labels) => Object.entries(selector).every(([name, value]) => labels[name] === value));
  for (const { where, document } of objects) {
    const spec = document.spec ?? {};
    const selectors = {
      Deployment: () => spec.selector.matchLabels,
      Service: () => spec.selector,
      PodDisruptionBudget: () => spec.selector.matchLabels,
      NetworkPolicy: () => spec.podSelector.matchLabels,
      InferencePool: () => spec.selector.matchLabels,
    };
    const selector = selectors[document.kind]?.();
    if (selector !== undefined && !matches(selector)) fail(where, `no pod has ${JSON.stringify(selector)}`);
  }
}
console.log([...seen].map(([kind, count]) => `${count} ${kind}`).join(", "));
if (seen.size < 5) fail("check", "too few kinds were seen");
process.exit(failures === 0 ? 0 : 1);
