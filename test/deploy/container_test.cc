// From the section targets.container to an image: what is read, what is made, what comes back, and what is cut.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "../registry/temporary_folder.h"
#include "core/digest.h"
#include "core/error.h"
#include "deploy/container/image_history.h"
#include "deploy/container/make_image.h"
#include "deploy/container/recipe.h"
#include "deploy/content_hash.h"
#include "deploy/oci/archive.h"
#include "manifest/manifest.h"

namespace sixfold::deploy::container {
namespace {

namespace fs = std::filesystem;
using registry::read_all;
using registry::TemporaryFolder;
using registry::write_all;

const std::string kHash(64, 'a');

Result<Recipe> read(const std::string& section, const std::string& before = {}) {
  const auto manifest = manifest::parse_manifest(
      "apiVersion: sixfold/v1\nname: My Bot\n" + before + "targets:\n  container: " + section + "\n", "m.yaml");
  if (!manifest.is_ok()) return manifest.error();
  return read_recipe({*manifest, *manifest->target("container"), "m.yaml",
                      [](const std::string&) -> Result<std::string> { return kHash; }});
}

std::string message_of(const std::string& section, const std::string& before = {}) {
  const auto recipe = read(section, before);
  return recipe.is_ok() ? "" : recipe.error().message;
}

TEST(Recipe, an_empty_section_gives_an_archive_of_this_program) {
  const auto recipe = read("{}");
  ASSERT_TRUE(recipe.is_ok()) << recipe.error().message;
  EXPECT_EQ(recipe->image, "localhost/my-bot:latest");
  EXPECT_EQ(recipe->archive, "my-bot.tar");
  EXPECT_FALSE(recipe->is_pushed);
  EXPECT_EQ(recipe->model_place, ModelPlace::kBuiltin);
  ASSERT_EQ(recipe->platforms.size(), 1U);
  EXPECT_EQ(recipe->platforms.front().platform, own_platform());
  EXPECT_EQ(recipe->platforms.front().sha256, kHash);
}

TEST(Recipe, an_image_of_a_registry_is_pushed_and_not_archived) {
  const auto recipe = read("{image: 'registry.example:5000/team/bot:2'}");
  ASSERT_TRUE(recipe.is_ok());
  EXPECT_TRUE(recipe->is_pushed);
  EXPECT_EQ(recipe->archive, "");
  const auto both = read("{image: registry.example/bot, archive: bot.tar}");
  EXPECT_EQ(both->image, "registry.example/bot:latest");
  EXPECT_TRUE(both->is_pushed);
  EXPECT_EQ(both->archive, "bot.tar");
  EXPECT_FALSE(read("{image: registry.example/bot, push: false}")->is_pushed);
}

TEST(Recipe, a_model_is_a_layer_or_pulled) {
  EXPECT_EQ(read("{}", "model: {source: m.gguf}\n")->model_place, ModelPlace::kLayer);
  EXPECT_EQ(read("{}", "model: {source: m.gguf}\n")->model_sha256, kHash);
  const auto file = read("{}", "model: {source: 'file:m.gguf'}\n");
  EXPECT_EQ(file->model_source, "m.gguf");
  const auto hub = read("{}", "model: {source: 'hf:org/name'}\n");
  EXPECT_EQ(hub->model_place, ModelPlace::kLayer);
  EXPECT_EQ(hub->model_sha256, "");
  EXPECT_EQ(read("{model: pulled}", "model: {source: 'hf:org/name'}\n")->model_place, ModelPlace::kPulled);
}

TEST(Recipe, the_promised_hash_of_a_model_is_held_against_its_file) {
  EXPECT_EQ(read("{}", "model: {source: m.gguf, sha256: " + kHash + "}\n")->model_sha256, kHash);
  const std::string other(64, 'b');
  EXPECT_EQ(message_of("{}", "model: {source: m.gguf, sha256: " + other + "}\n"),
            "m.gguf: SHA-256: model.sha256 says " + other + ", it is " + kHash);
  // What is not here yet is held against it when the image is made.
  EXPECT_EQ(read("{}", "model: {source: 'hf:org/name', sha256: " + other + "}\n")->model_sha256, other);
}

TEST(Recipe, what_does_not_go_together_is_refused_where_it_stands) {
  EXPECT_EQ(
      message_of("{model: pulled}", "model: {source: m.gguf}\n"),
      "m.yaml:5: targets.container.model: \"m.gguf\" lies on this machine: a container cannot pull it; want model: "
      "included, or model.source with an address");
  EXPECT_NE(message_of("{image: 'localhost/a:1', push: true}").find("names no registry"), std::string::npos);
  EXPECT_NE(message_of("{image: 'r.example/a@sha256:" + kHash + "'}").find("want an image with a tag"),
            std::string::npos);
  EXPECT_NE(message_of("{platforms: [linux/amd64, linux/amd64]}").find("is there twice"), std::string::npos);
  EXPECT_NE(message_of("{}", "model: {source: m.gguf, adapters: ['a=./a']}\n").find("the adapter \"a=./a\""),
            std::string::npos);
  EXPECT_NE(message_of("{archive: .}").find("want a path that ends with .tar"), std::string::npos);
  EXPECT_NE(message_of("{lables: {a: b}}").find("did you mean \"labels\""), std::string::npos);
  EXPECT_NE(message_of("{labels: {'a b': c}}").find("names without spaces"), std::string::npos);
}

TEST(Recipe, its_text_reads_back) {
  const auto recipe = read(
      "{image: registry.example/bot, archive: bot.tar, env: {A: \"1\"}, labels: {b: \"c \\\"d\\\"\"}, "
      "binaries: {" +
          std::string(own_platform()) + ": ./sixfold}}",
      "model: {source: m.gguf}\nserve: {context: 512}\n");
  ASSERT_TRUE(recipe.is_ok()) << recipe.error().message;
  const auto again = parse_recipe(recipe_text(*recipe));
  ASSERT_TRUE(again.is_ok()) << again.error().message;
  EXPECT_EQ(recipe_text(*again), recipe_text(*recipe));
  EXPECT_EQ(again->platforms.front().program, "./sixfold");
  EXPECT_EQ(again->model_place, ModelPlace::kLayer);
  EXPECT_EQ(again->labels.at("b"), "c \"d\"");
  EXPECT_NE(std::find(again->arguments.begin(), again->arguments.end(), "512"), again->arguments.end());
  for (const char* damaged : {"", "{}", "[]", "{\"image\": \"a\", \"platforms\": [], \"model\": {}}",
                              "{\"image\": \"a\", \"platforms\": [1], \"model\": {\"place\": \"layer\"}}",
                              "{\"image\": \"a\", \"platforms\": [{}], \"model\": {\"place\": \"there\"}}"}) {
    EXPECT_EQ(parse_recipe(damaged).error().code, ErrorCode::kCorruptData) << damaged;
  }
}

TEST(ContentHashes, are_remembered_as_long_as_the_file_is_the_same) {
  const TemporaryFolder folder;
  write_all(folder.at("f"), std::string(2u << 20, 'x'));
  const std::string want = sha256_hex(read_all(folder.at("f")));
  EXPECT_EQ(*ContentHashes(folder.at("notes")).of_file(folder.at("f")), want);
  // A note that lies shows that it is used; one of another state of the file is not.
  std::string notes = read_all(folder.at("notes"));
  ASSERT_NE(notes.find(want), std::string::npos);
  notes.replace(notes.find(want), 64, kHash);
  write_all(folder.at("notes"), notes);
  EXPECT_EQ(*ContentHashes(folder.at("notes")).of_file(folder.at("f")), kHash);
  write_all(folder.at("f"), std::string(2u << 20, 'y'));
  EXPECT_EQ(*ContentHashes(folder.at("notes")).of_file(folder.at("f")), sha256_hex(read_all(folder.at("f"))));
  for (const char* damaged : {"", "{", "[]", "{\"a\": 1}"}) {
    write_all(folder.at("notes"), damaged);
    EXPECT_TRUE(ContentHashes(folder.at("notes")).of_file(folder.at("f")).is_ok()) << damaged;
  }
  // Of several files, what sha256sum prints for them.
  write_all(folder.at("model/config.json"), "{\"model_type\": \"odd\"}");
  write_all(folder.at("model/tokenizer.json"), "{}");
  std::string header = "{\"x\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}";
  header.resize(64, ' ');
  write_all(folder.at("model/model.safetensors"), std::string("\x40\0\0\0\0\0\0\0", 8) + header + "abcd");
  std::string lines;
  for (const char* name : {"config.json", "model.safetensors", "tokenizer.json"}) {
    lines += sha256_hex(read_all(folder.at(std::string("model/") + name))) + "  " + name + "\n";
  }
  const auto several = ContentHashes("").of_content(folder.at("model"));
  ASSERT_TRUE(several.is_ok()) << several.error().message;
  EXPECT_EQ(*several, sha256_hex(lines));
  EXPECT_EQ(ContentHashes("").of_file(folder.at("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(ContentHashes("", {{}, [] { return true; }}).of_file(folder.at("f")).error().code, ErrorCode::kUnavailable);
}

class MakeImage : public testing::Test {
 protected:
  MakeImage() {
    recipe_.name = "bot";
    recipe_.image = "localhost/bot:1.0";
    recipe_.platforms = {{std::string(own_platform()), "/bin/true", ""}};  // a small one
    recipe_.model_source = "builtin:";
    recipe_.arguments = {"--port", "8080"};
    fs::copy_file(fs::path(SIXFOLD_SOURCE_DIR) / "models/sixfold-tiny.gguf", folder_.at("model.gguf"));
  }

  StepContext context(std::function<bool()> is_cancelled = [] { return false; }) {
    return {folder_.at("revision"),
            "",
            folder_.path(),
            folder_.at("work"),
            [this](std::string_view line) { said_.emplace_back(line); },
            std::move(is_cancelled)};
  }
  Status make() {
    StepContext own = context();
    return make_image(recipe_, own);
  }
  oci::BlobStore store() { return *oci::BlobStore::open(folder_.at("work/image")); }
  std::string digest() { return oci::named_image(store())->index.digest; }
  json::object config() {
    const auto index = store().document(oci::named_image(store())->index);
    const auto manifest = store().document(*oci::parse_descriptor(index->at("manifests").at(0), ""));
    return *store().document(*oci::parse_descriptor(manifest->at("config"), ""));
  }

  TemporaryFolder folder_;
  Recipe recipe_;
  std::vector<std::string> said_;
};

TEST_F(MakeImage, with_a_model_as_a_layer) {
  recipe_.model_place = ModelPlace::kLayer;
  recipe_.model_source = "model.gguf";
  recipe_.model_sha256 = sha256_hex(read_all(folder_.at("model.gguf")));
  const Status made = make();
  ASSERT_TRUE(made.is_ok()) << made.error().message;
  const json::object config = this->config();
  EXPECT_EQ(config.at("config").at("Cmd"), (json::array{"serve", "/models/model.gguf", "--port", "8080"}));
  EXPECT_EQ(config.at("rootfs").at("diff_ids").as_array().size(), 2U);
  EXPECT_EQ(config.at("history").as_array().size(), 2U);
  EXPECT_EQ(config.at("config").at("Labels").at("org.opencontainers.image.version"), "1.0");
}

TEST_F(MakeImage, twice_gives_the_same_image_and_makes_nothing) {
  ASSERT_TRUE(make().is_ok());
  const std::string first = digest();
  said_.clear();
  ASSERT_TRUE(make().is_ok());
  EXPECT_EQ(said_.size(), 1U) << "only the result";
  // Other arguments: another image of the same layers.
  recipe_.arguments.emplace_back("--offline");
  ASSERT_TRUE(make().is_ok());
  EXPECT_NE(digest(), first);
  EXPECT_TRUE(std::any_of(said_.begin(), said_.end(), [](const auto& line) { return line.ends_with("(was there)"); }));
  // The first one comes back by its recipe.
  recipe_.arguments.pop_back();
  ASSERT_TRUE(make().is_ok());
  EXPECT_EQ(digest(), first);
  fs::remove_all(folder_.at("work"));
  ASSERT_TRUE(make().is_ok());
  EXPECT_EQ(digest(), first);
}

TEST_F(MakeImage, only_the_newest_images_are_kept) {
  ASSERT_TRUE(make().is_ok());
  const oci::Descriptor first = oci::named_image(store())->index;
  for (int number = 0; number < 5; ++number) {
    recipe_.labels["number"] = std::to_string(number);
    ASSERT_TRUE(make().is_ok());
  }
  EXPECT_FALSE(store().has(first));
  EXPECT_TRUE(oci::named_image(store()).is_ok());
}

TEST_F(MakeImage, a_blob_that_is_gone_is_made_again) {
  ASSERT_TRUE(make().is_ok());
  const std::string first = digest();
  std::uint64_t largest = 0;
  fs::path path;
  for (const auto& entry : fs::directory_iterator(folder_.at("work/image/blobs/sha256"))) {
    if (entry.file_size() > largest) largest = entry.file_size(), path = entry.path();
  }
  fs::remove(path);
  EXPECT_EQ(oci::named_image(store()).error().code, ErrorCode::kNotFound);
  ASSERT_TRUE(make().is_ok());
  EXPECT_EQ(digest(), first);
  EXPECT_TRUE(fs::exists(path));
  // Lists that somebody damaged cost time and nothing else.
  for (const char* list : {"images.json", "layers.json", "index.json"}) {
    write_all(folder_.at(std::string("work/image/") + list), "{\"images\": [{\"index\": 1}], ");
  }
  ASSERT_TRUE(make().is_ok());
  EXPECT_EQ(digest(), first);
}

TEST_F(MakeImage, other_files_than_planned_are_refused) {
  recipe_.platforms.front().sha256 = kHash;
  const Status made = make();
  ASSERT_FALSE(made.is_ok());
  EXPECT_NE(made.error().message.find("/bin/true: SHA-256: the plan says " + kHash), std::string::npos)
      << made.error().message;
  recipe_.platforms.front().sha256 = "";
  recipe_.model_place = ModelPlace::kLayer;
  recipe_.model_source = "model.gguf";
  recipe_.model_sha256 = kHash;
  EXPECT_EQ(make().error().code, ErrorCode::kCorruptData);
}

TEST_F(MakeImage, a_cut_leaves_nothing_half_done) {
  StepContext cut = context([] { return true; });
  EXPECT_EQ(make_image(recipe_, cut).error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(fs::is_empty(folder_.at("work/image/blobs/sha256")));
  EXPECT_FALSE(oci::named_image(store()).is_ok());
  ASSERT_TRUE(make().is_ok());
}

TEST_F(MakeImage, an_archive_is_the_same_every_time_and_appears_whole) {
  ASSERT_TRUE(make().is_ok());
  const auto bytes = oci::write_archive(store(), recipe_.image, own_platform(), folder_.at("a.tar"));
  ASSERT_TRUE(bytes.is_ok()) << bytes.error().message;
  EXPECT_EQ(*bytes, fs::file_size(folder_.at("a.tar")));
  ASSERT_TRUE(oci::write_archive(store(), recipe_.image, own_platform(), folder_.at("b.tar")).is_ok());
  EXPECT_EQ(read_all(folder_.at("a.tar")), read_all(folder_.at("b.tar")));
  EXPECT_EQ(
      oci::write_archive(store(), recipe_.image, own_platform(), folder_.at("c.tar"), [] { return true; }).error().code,
      ErrorCode::kUnavailable);
  EXPECT_FALSE(fs::exists(folder_.at("c.tar")));
}

}  // namespace
}  // namespace sixfold::deploy::container
