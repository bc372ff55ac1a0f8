// The manifest is read whole or refused with file, line and the nearest known name.
#include "manifest/manifest.h"

#include <gtest/gtest.h>

namespace sixfold::manifest {
namespace {

std::string error_of(std::string_view text) {
  const auto result = parse_manifest(text, "sixfold.yaml");
  return result.is_ok() ? "no error" : result.error().message;
}

TEST(Manifest, reads_every_setting) {
  const auto result = parse_manifest(
      "apiVersion: sixfold/v1\n"
      "name: support-bot\n"
      "model:\n  source: model.gguf\n  weights: q8_0\n  adapters: [poet=./poet, clerk.gguf@0.5]\n"
      "serve: {host: 0.0.0.0, port: 9000, threads: 4, context: 4096, parallel: 8, kv_dtype: f32, queue: 32, "
      "batch_rows: 16, speculation: off, weight_cache: off}\n",
      "sixfold.yaml");
  ASSERT_TRUE(result.is_ok()) << result.error().message;
  EXPECT_EQ(result->name, "support-bot");
  EXPECT_EQ(result->model_source, "model.gguf");
  EXPECT_EQ(result->model_weights, "q8_0");
  EXPECT_EQ(result->model_adapters, (std::vector<std::string>{"poet=./poet", "clerk.gguf@0.5"}));
  EXPECT_EQ(result->serve.host, "0.0.0.0");
  EXPECT_EQ(result->serve.port, 9000u);
  EXPECT_EQ(result->serve.threads, 4u);
  EXPECT_EQ(result->serve.context, 4096u);
  EXPECT_EQ(result->serve.parallel, 8u);
  EXPECT_EQ(result->serve.kv_dtype, "f32");
  EXPECT_EQ(result->serve.queue, 32u);
  EXPECT_EQ(result->serve.batch_rows, 16u);
  EXPECT_EQ(result->serve.speculation, "off");
  EXPECT_EQ(result->serve.weight_cache, "off");
}

TEST(Manifest, what_is_not_written_stays_unset) {
  const auto result = parse_manifest("apiVersion: sixfold/v1\n", "sixfold.yaml");
  ASSERT_TRUE(result.is_ok());
  EXPECT_FALSE(result->model_source.has_value());
  EXPECT_FALSE(result->serve.port.has_value());
}

TEST(Manifest, bytes_that_are_no_text_are_refused) {
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nname: \xff\n"), "sixfold.yaml:1: want text in UTF-8");
  EXPECT_EQ(error_of(std::string_view("a\0\0\0:\0\0\0", 8)), "sixfold.yaml:1: want text in UTF-8");
}

TEST(Manifest, unknown_key_names_line_and_nearest_key) {
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nserve:\n  prot: 80\n"),
            "sixfold.yaml:3: unknown key \"prot\" in serve; did you mean \"port\"?");
}

TEST(Manifest, wrong_values_are_refused_with_range) {
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nserve: {port: 70000}\n"),
            "sixfold.yaml:2: serve.port: want a whole number from 0 to 65535, got \"70000\"");
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nserve: {kv_dtype: q4}\n"),
            "sixfold.yaml:2: serve.kv_dtype: want i16, f16, bf16 or f32, got \"q4\"");
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nmodel: {adapters: poet}\n"),
            "sixfold.yaml:2: model.adapters: want a list of texts");
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nmodel:\n  adapters:\n    - {poet: a}\n"),
            "sixfold.yaml:4: model.adapters: want a list of texts");
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nmodel: {weights: q3}\n"),
            "sixfold.yaml:2: model.weights: want stored, bf16, q8_0 or q4_0, got \"q3\"");
  EXPECT_EQ(error_of("apiVersion: v2\n"), "sixfold.yaml:1: apiVersion: want sixfold/v1, got v2");
}

TEST(Manifest, a_hash_of_the_model_is_one_and_has_a_source) {
  const std::string hash(64, 'a');
  const auto good = parse_manifest("apiVersion: sixfold/v1\nmodel: {source: m.gguf, sha256: " + hash + "}\n", "f");
  ASSERT_TRUE(good.is_ok()) << good.error().message;
  EXPECT_EQ(good->model_sha256, hash);
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nmodel:\n  source: m.gguf\n  sha256: ABC\n"),
            "sixfold.yaml:4: model.sha256: want 64 lower-case hex digits, got \"ABC\"");
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nmodel:\n  sha256: " + hash + "\n"),
            "sixfold.yaml:3: model.sha256: want model.source with it, got none");
}

TEST(Manifest, yaml_that_does_not_parse_names_the_line) {
  EXPECT_EQ(error_of("apiVersion: sixfold/v1\nserve: {port: 1\n").rfind("sixfold.yaml:", 0), 0u);
}

}  // namespace
}  // namespace sixfold::manifest
