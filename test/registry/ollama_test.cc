// Names, layers, parameters and the local store of ollama.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/digest.h"
#include "registry/artifact.h"
#include "registry/model_defaults.h"
#include "registry/ollama_layers.h"
#include "registry/ollama_name.h"
#include "registry/ollama_store.h"
#include "registry/source_list.h"
#include "temporary_folder.h"

namespace sixfold::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(OllamaName, parts_and_defaults) {
  const auto full = parse_ollama_name("localhost:5000/Me_1/tiny-1.5:1B");
  ASSERT_TRUE(full.is_ok()) << full.error().message;
  EXPECT_EQ(full->manifest_path(), "localhost:5000/Me_1/tiny-1.5/1B");
  EXPECT_EQ(full->text(), "localhost:5000/Me_1/tiny-1.5:1B");
  EXPECT_EQ(full->reference().base_url(), "http://localhost:5000");
  EXPECT_EQ(full->reference().repository, "Me_1/tiny-1.5");
  EXPECT_EQ(parse_ollama_name("llama3.2")->manifest_path(), "registry.ollama.ai/library/llama3.2/latest");
  EXPECT_EQ(parse_ollama_name("llama3.2:1b")->text(), "llama3.2:1b");
  EXPECT_EQ(parse_ollama_name("//me/x")->text(), "me/x:latest");
  EXPECT_EQ(parse_ollama_name("h.io/library/x")->text(), "h.io/library/x:latest");
  EXPECT_EQ(find_source("ollama:x")->canonical("registry.ollama.ai/library/x"), "ollama:x:latest");
  EXPECT_EQ(short_name("ollama:llama3.2:1b"), "llama3.2:1b");
}

TEST(OllamaName, others_are_refused) {
  const std::string long_part(81, 'x');
  for (const std::string& text :
       {std::string(), std::string("/x"), std::string("x/"), std::string("a//b"), std::string("a/b/c/d"),
        std::string("../x"), std::string("a/.."), std::string("x:"), std::string("x:a:b"), std::string("x:../y"),
        std::string("a b"), std::string(".x"), std::string("-x"), std::string("u@h/a/b"), std::string("h?x/a/b"),
        std::string("localhost:5000/x"), std::string("x\ny"), long_part}) {
    EXPECT_FALSE(parse_ollama_name(text).is_ok()) << text;
  }
}

std::string layer(const std::string& kind, const std::string& digest, const std::string& size) {
  return R"({"mediaType":"application/vnd.ollama.image.)" + kind + R"(","digest":)" + digest + R"(,"size":)" + size +
         "}";
}

Result<OllamaLayers> layers_of(const std::string& text) {
  const auto manifest = parse_json_object(R"({"layers":)" + text + "}", "manifest");
  EXPECT_TRUE(manifest.is_ok());
  return read_ollama_layers(*manifest, "tiny");
}

std::string error_of(const std::string& text) {
  const auto layers = layers_of(text);
  return layers.is_ok() ? "accepted" : layers.error().message;
}

const std::string kDigest = "\"sha256:" + sha256_hex("x") + "\"";

TEST(OllamaLayers, get_names_with_the_model_first) {
  const auto layers = layers_of("[" + layer("license", kDigest, "3") + "," + layer("model", kDigest, "5") + "," +
                                layer("license", kDigest, "4") + "," + layer("projector", kDigest, "1") + "]");
  ASSERT_TRUE(layers.is_ok()) << layers.error().message;
  std::vector<std::string> paths;
  for (const OllamaLayer& row : layers->layers) paths.push_back(row.path);
  EXPECT_THAT(paths, ElementsAre("model.gguf", "LICENSE", "LICENSE-2"));
  EXPECT_EQ(layers->layers[0].bytes, 5u);
  EXPECT_EQ(layers->layers[0].sha256, sha256_hex("x"));
  EXPECT_THAT(layers->left_out, ElementsAre("application/vnd.ollama.image.projector"));
}

TEST(OllamaLayers, refuse_every_broken_field) {
  const std::string model = layer("model", kDigest, "5");
  EXPECT_EQ(error_of("[" + model + "]"), "accepted");
  EXPECT_THAT(error_of("{}"), HasSubstr("tiny: layers: want a list"));
  EXPECT_THAT(error_of("[7]"), HasSubstr("layers: want objects, got 7"));
  EXPECT_THAT(error_of("[]"), HasSubstr("no layer with a model"));
  EXPECT_THAT(error_of("[" + model + "," + model + "]"), HasSubstr("want one layer with a model, got 2"));
  EXPECT_THAT(error_of("[" + layer("tensor", kDigest, "5") + "]"), HasSubstr("want a GGUF file"));
  for (const char* digest : {"7", "\"\"", "\"sha256:\"", "\"sha256:../../x\"", "\"md5:00\""}) {
    EXPECT_THAT(error_of("[" + layer("model", digest, "5") + "]"), HasSubstr("model: digest: want")) << digest;
  }
  for (const char* size : {"-1", "1.5", "\"5\"", "null"}) {
    EXPECT_THAT(error_of("[" + layer("model", kDigest, size) + "]"), HasSubstr("model: size: want")) << size;
  }
}

TEST(ModelDefaults, are_read_and_checked) {
  const auto defaults = read_model_defaults(
      R"({"temperature":0.5,"top_p":0.9,"top_k":7,"min_p":0,"repeat_penalty":1.1,"stop":["a","b"],"num_ctx":9})", "p");
  ASSERT_TRUE(defaults.is_ok()) << defaults.error().message;
  EXPECT_EQ(defaults->temperature, 0.5);
  EXPECT_EQ(defaults->top_p, 0.9);
  EXPECT_EQ(defaults->top_k, 7u);
  EXPECT_EQ(defaults->min_p, 0.0);
  EXPECT_EQ(defaults->repetition_penalty, 1.1);
  EXPECT_THAT(defaults->stop, ElementsAre("a", "b"));
  EXPECT_FALSE(read_model_defaults("{}", "p")->temperature.has_value());
  for (const char* text :
       {"[]", "{", R"({"temperature":"x"})", R"({"top_k":-1})", R"({"top_k":1.5})", R"({"stop":"a"})",
        R"({"stop":[1]})", R"({"stop":[""]})",
        R"({"stop":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17"]})"}) {
    const auto refused = read_model_defaults(text, "params.json");
    ASSERT_FALSE(refused.is_ok()) << text;
    EXPECT_THAT(refused.error().message, HasSubstr("params.json: ")) << text;
  }
}

TEST(OllamaStore, finds_manifests_and_whole_layers) {
  TemporaryFolder folder;
  const std::string hash = sha256_hex("layer");
  write_all(folder.at("manifests/registry.ollama.ai/library/tiny/latest"), "{}");
  write_all(folder.at("blobs/sha256-" + hash), "layer");
  const auto stores = OllamaStore::all(
      [&](const std::string& name) { return name == "OLLAMA_MODELS" ? folder.at(".") : std::string(); });
  ASSERT_EQ(stores.size(), 1u);
  EXPECT_EQ(stores[0].manifest(*parse_ollama_name("tiny")), "{}");
  EXPECT_EQ(stores[0].manifest(*parse_ollama_name("tiny:1b")), std::nullopt);
  EXPECT_TRUE(stores[0].find_blob(hash, 5).has_value());
  EXPECT_FALSE(stores[0].find_blob(hash, 6).has_value());
  EXPECT_FALSE(stores[0].find_blob(sha256_hex("other"), 5).has_value());
  EXPECT_TRUE(OllamaStore::all([&](const std::string& name) {
                return name == "OLLAMA_MODELS" ? folder.at("none") : std::string();
              }).empty());
}

}  // namespace
}  // namespace sixfold::registry
