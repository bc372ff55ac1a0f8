// What is wrong in a section is said with its line, what was wanted and what was found.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "deploy/kubernetes/read_settings.h"
#include "manifest/manifest.h"

namespace sixfold::deploy::kubernetes {
namespace {

Result<Settings> read(const std::string& section, const std::string& head = "") {
  const auto manifest = manifest::parse_manifest(
      "apiVersion: sixfold/v1\nname: bot\n" + head + "targets:\n  kubernetes:\n    image: r.example/bot:1\n" + section,
      "bot.yaml");
  if (!manifest) return manifest.error();
  return read_settings({*manifest, *manifest->target("kubernetes"), "bot.yaml"});
}

std::string problem(const std::string& section, const std::string& head = "") {
  const auto settings = read(section, head);
  return settings.is_ok() ? "accepted" : settings.error().message;
}

TEST(KubernetesSettings, smallest_has_defaults) {
  const auto settings = read("");
  ASSERT_TRUE(settings.is_ok()) << settings.error().message;
  EXPECT_EQ(settings->name, "bot");
  EXPECT_EQ(settings->version, "1");
  EXPECT_EQ(settings->model.kind, ModelSource::Kind::kInImage);
  EXPECT_TRUE(settings->has_network_policy);
  EXPECT_FALSE(settings->scaling);
}

TEST(KubernetesSettings, name_of_the_manifest_becomes_a_dns_label) {
  const auto manifest = manifest::parse_manifest(
      "apiVersion: sixfold/v1\nname: My Support_Bot!\ntargets:\n  kubernetes: {image: r.example/bot}\n", "f");
  const auto settings = read_settings({*manifest, *manifest->target("kubernetes"), "f"});
  ASSERT_TRUE(settings.is_ok()) << settings.error().message;
  EXPECT_EQ(settings->name, "my-support-bot");
}

TEST(KubernetesSettings, unknown_keys_are_named_with_the_nearest_known_one) {
  EXPECT_EQ(problem("    replica: 2\n"),
            "bot.yaml:6: unknown key \"replica\" in targets.kubernetes; did you mean \"replicas\"?");
  EXPECT_EQ(problem("    ingress:\n      hots: a.example\n"),
            "bot.yaml:7: unknown key \"hots\" in targets.kubernetes.ingress; did you mean \"host\"?");
  EXPECT_EQ(problem("    ingress:\n      class: nginx\n"),
            "bot.yaml:7: targets.kubernetes.ingress.host: want the host's name, got none");
  EXPECT_EQ(problem("    ingress:\n      host: a.example\n      clas: nginx\n"),
            "bot.yaml:8: unknown key \"clas\" in targets.kubernetes.ingress; did you mean \"class\"?");
}

TEST(KubernetesSettings, wrong_values_are_refused_where_they_stand) {
  EXPECT_EQ(problem("    replicas: 0\n"),
            "bot.yaml:6: targets.kubernetes.replicas: want a whole number from 1 to 1000, got \"0\"");
  EXPECT_EQ(problem("    namespace: Bots\n"),
            "bot.yaml:6: targets.kubernetes.namespace: want a DNS name, got \"Bots\"");
  EXPECT_EQ(problem("    resources: {memory: lots}\n"),
            "bot.yaml:6: targets.kubernetes.resources.memory: want a quantity, such as 500m or 8Gi, got \"lots\"");
  EXPECT_EQ(problem("    resources: [1]\n"),
            "bot.yaml:6: targets.kubernetes.resources: want a map of settings, got a list");
  EXPECT_EQ(problem("    network_policy: maybe\n"),
            "bot.yaml:6: targets.kubernetes.network_policy: want true or false, got \"maybe\"");
  EXPECT_EQ(problem("    env: {\"a-b\": c}\n"),
            "bot.yaml:6: targets.kubernetes.env: want names of environment variables, got \"a-b\"");
  EXPECT_EQ(problem("    pull_policy: Sometimes\n"),
            "bot.yaml:6: targets.kubernetes.pull_policy: want one of Always, IfNotPresent, Never, got \"Sometimes\"");
}

TEST(KubernetesSettings, impossible_combinations_are_refused) {
  EXPECT_EQ(
      problem("    replicas: 2\n    scaling: {max: 4}\n"),
      "bot.yaml:6: targets.kubernetes.replicas: the number of pods is what scaling decides; leave one of both out");
  EXPECT_EQ(problem("    scaling: {min: 5, max: 4}\n"),
            "bot.yaml:6: targets.kubernetes.scaling.max: want at least min (5), got 4");
  EXPECT_EQ(problem("    scaling: {min: 0}\n"),
            "bot.yaml:6: targets.kubernetes.scaling.min: want a whole number from 1 to 1000, got \"0\"");
  EXPECT_EQ(problem("    scaling: {by: keda}\n"),
            "bot.yaml:6: targets.kubernetes.scaling.prometheus: KEDA asks Prometheus; want its address, got none");
  EXPECT_EQ(
      problem("    canary: {image: \"r.example/bot:2\"}\n"),
      "bot.yaml:6: targets.kubernetes.canary.percent: weights need an ingress or a route that divides the requests");
  EXPECT_EQ(
      problem("    pool: {endpoint_picker: epp}\n"),
      "bot.yaml:6: targets.kubernetes.pool.endpoint_picker: a pool needs a route that leads to it (targets...route)");
}

TEST(KubernetesSettings, models_must_be_where_pods_can_get_them) {
  const std::string local = "model: {source: ./model.gguf}\n";
  EXPECT_EQ(
      problem("", local),
      "bot.yaml:5: targets.kubernetes.model: \"./model.gguf\" lies on this machine: give model.source an address that "
      "pods can pull from, or put the model into the image (model: {from: image, path: ...})");
  EXPECT_EQ(problem("    model: {from: image, path: model.gguf}\n", local), "accepted");
  EXPECT_EQ(
      problem("    model: {from: claim, claim: weights}\n"),
      "bot.yaml:6: targets.kubernetes.model.path: want the model's path below /models, such as model.gguf, got none");
  EXPECT_EQ(problem("    model: {from: claim, claim: weights, path: ../etc/passwd}\n"),
            "bot.yaml:6: targets.kubernetes.model.path: want a path below /models, got \"../etc/passwd\"");
  const auto pulled = read("    model: {size: 2Gi}\n", "model: {source: \"hf:org/model\"}\n");
  ASSERT_TRUE(pulled.is_ok()) << pulled.error().message;
  EXPECT_EQ(pulled->model.kind, ModelSource::Kind::kPull);
  EXPECT_EQ(pulled->arguments.back(), "--offline");
}

TEST(KubernetesSettings, image_is_needed_and_checked) {
  const auto manifest =
      manifest::parse_manifest("apiVersion: sixfold/v1\nname: bot\ntargets:\n  kubernetes: {}\n", "bot.yaml");
  const auto settings = read_settings({*manifest, *manifest->target("kubernetes"), "bot.yaml"});
  ASSERT_FALSE(settings.is_ok());
  EXPECT_EQ(settings.error().message,
            "bot.yaml:4: targets.kubernetes.image: want an image, such as registry.example/bot:1.0, got none; `sixfold "
            "deploy container` makes one");
}

}  // namespace
}  // namespace sixfold::deploy::kubernetes
