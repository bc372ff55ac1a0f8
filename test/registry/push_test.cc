// What a push sends: bodies from files, sizes of parts, manifests, and the files of a model in their order.
#include "registry/push/push.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "core/digest.h"
#include "core/json.h"
#include "file_server.h"
#include "registry/push/oci_model.h"
#include "registry/push/s3_upload.h"
#include "registry/push/upload_file.h"
#include "set_environment.h"
#include "temporary_folder.h"

namespace sixfold::registry {
namespace {

std::string read_body(const net::BodyReader& body, std::size_t block) {
  std::string text;
  while (text.size() < body.bytes) {
    std::string piece(block, '\0');
    const auto count = body.read(text.size(), std::as_writable_bytes(std::span(piece)));
    if (!count.is_ok()) return count.error().message;
    if (*count == 0) return "ended early";
    text += piece.substr(0, *count);
  }
  return text;
}

TEST(UploadFile, bodies_are_parts_of_the_file_at_every_block_size) {
  const TemporaryFolder folder;
  const std::string content = sample_bytes(1000);
  write_all(folder.at("f"), content);
  const auto file = UploadFile::open(folder.at("f"));
  ASSERT_TRUE(file.is_ok());
  EXPECT_EQ(file->bytes(), content.size());
  std::uint64_t reached = 0;
  for (const std::size_t block : {1, 7, 100, 5000}) {
    EXPECT_TRUE(read_body(file->reader(100, 300, [&](std::uint64_t at) { reached = at; }), block) ==
                content.substr(100, 300));
    EXPECT_EQ(reached, 400u);
    EXPECT_TRUE(read_body(content_of_text(content)(100, 300), block) == content.substr(100, 300));
  }
  EXPECT_EQ(*file->sha256(100, 300, {}), sha256_hex(content.substr(100, 300)));
  EXPECT_EQ(file->sha256(0, 1000, [] { return true; }).error().code, ErrorCode::kUnavailable);
}

TEST(UploadFile, a_file_that_becomes_shorter_is_an_error) {
  const TemporaryFolder folder;
  write_all(folder.at("f"), std::string(100, 'x'));
  const auto file = UploadFile::open(folder.at("f"));
  ASSERT_TRUE(file.is_ok());
  std::filesystem::resize_file(folder.at("f"), 50);
  EXPECT_NE(read_body(file->reader(0, 100, {}), 10).find("became shorter"), std::string::npos);
  EXPECT_EQ(file->sha256(0, 100, {}).error().code, ErrorCode::kCorruptData);
  EXPECT_EQ(UploadFile::open(folder.at("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(UploadFile::open(folder.path()).error().code, ErrorCode::kInvalidArgument);
}

TEST(S3PartBytes, limits_of_the_protocol) {
  constexpr std::uint64_t kMib = std::uint64_t{1} << 20;
  EXPECT_EQ(s3_part_bytes(100, 1), 5 * kMib);
  EXPECT_EQ(s3_part_bytes(100 * kMib, 16 * kMib), 16 * kMib);
  for (const std::uint64_t bytes : {std::uint64_t{1} << 40, (std::uint64_t{1} << 40) + 1, std::uint64_t{5} << 40}) {
    const std::uint64_t part = s3_part_bytes(bytes, 16 * kMib);
    EXPECT_LE((bytes + part - 1) / part, 10'000u) << bytes;
  }
}

ModelToPush sample_model() {
  return {.name = "tiny",
          .source = {},
          .license = "MIT",
          .architecture = "llama",
          .format = "gguf",
          .parameters = "1.0m",
          .files = {{{"a/tiny.gguf", 12, sha256_hex("w")}, "/f/a/tiny.gguf"},
                    {{"config.json", 3, sha256_hex("c")}, "/f/config.json"}}};
}

TEST(OciModel, config_and_manifest_name_every_file_by_its_hash) {
  const ModelToPush model = sample_model();
  const std::string config = oci_model_config(model);
  EXPECT_EQ(config, R"({"descriptor":{"name":"tiny","licenses":["MIT"]},"config":{"architecture":"llama",)"
                    R"("format":"gguf","paramSize":"1.0m"},"modelfs":{"type":"layers","diffIds":["sha256:)" +
                        sha256_hex("w") + R"(","sha256:)" + sha256_hex("c") + R"("]}})");
  const auto manifest = parse_json_object(oci_model_manifest(model, config), "manifest");
  ASSERT_TRUE(manifest.is_ok());
  EXPECT_EQ(text_at(*manifest, "mediaType"), kOciManifestType);
  EXPECT_EQ(count_at(*manifest, "schemaVersion"), 2u);
  const json::object& config_row = *object_at(*manifest, "config");
  EXPECT_EQ(text_at(config_row, "digest"), "sha256:" + sha256_hex(config));
  EXPECT_EQ(count_at(config_row, "size"), config.size());
  const json::array& layers = *array_at(*manifest, "layers");
  ASSERT_EQ(layers.size(), 2u);
  const json::object& weights = layers[0].as_object();
  EXPECT_EQ(text_at(weights, "mediaType"), "application/vnd.cncf.model.weight.v1.raw");
  EXPECT_EQ(text_at(weights, "digest"), "sha256:" + sha256_hex("w"));
  EXPECT_EQ(count_at(weights, "size"), 12u);
  EXPECT_EQ(text_at(*object_at(weights, "annotations"), "org.cncf.model.filepath"), "a/tiny.gguf");
  EXPECT_EQ(text_at(layers[1].as_object(), "mediaType"), "application/vnd.cncf.model.weight.config.v1.raw");
  EXPECT_EQ(oci_model_manifest(model, config), oci_model_manifest(sample_model(), config));
}

TEST(PushProgress, counts_the_files_before) {
  const ModelToPush model = sample_model();
  std::vector<std::uint64_t> seen;
  PushOptions options;
  options.pull.progress = [&](const PullProgress& progress) {
    EXPECT_EQ(progress.total, 15u);
    seen.push_back(progress.done);
  };
  PushProgress progress(model, options);
  progress.counter(model.files[0].about)(5);
  progress.finish(model.files[0].about);
  progress.counter(model.files[1].about)(2);
  EXPECT_EQ(seen, (std::vector<std::uint64_t>{5, 14}));
}

TEST(CollectModel, mistakes_are_found_before_anything_is_sent) {
  const TemporaryFolder folder;
  SetEnvironment environment;
  environment.set("HOME", folder.path());
  PushOptions options;
  options.pull.context.environment = environment;
  write_all(folder.at("broken.gguf"), "GGUF");
  EXPECT_EQ(collect_model(folder.at("broken.gguf"), options).error().code, ErrorCode::kCorruptData);
  EXPECT_EQ(collect_model(folder.at("none.gguf"), options).error().code, ErrorCode::kNotFound);
  const auto refused = push(folder.at("broken.gguf"), "https://user:secret@h/x", options);
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused.error().message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace sixfold::registry
