// Images of several platforms: what their documents say, that equal parts give equal bytes, and what tools say of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "deploy/oci/archive.h"
#include "deploy/oci/attestation.h"
#include "deploy/process.h"
#include "made_image.h"

namespace sixfold::deploy::oci {
namespace {

namespace fs = std::filesystem;
using registry::read_all;
using registry::write_all;

struct Platform {
  json::object row, manifest, config;
};

std::vector<Platform> platforms_of(const BlobStore& store, const Image& image) {
  std::vector<Platform> found;
  const auto index = store.document(image.index);
  EXPECT_TRUE(index.is_ok());
  for (const json::value& row : *array_at(*index, "manifests")) {
    json::object manifest = *store.document(*parse_descriptor(row, ""));
    json::object config = *store.document(*parse_descriptor(manifest.at("config"), ""));
    found.push_back({row.as_object(), std::move(manifest), std::move(config)});
  }
  return found;
}

TEST(Image, platforms_have_layers_of_their_own_and_share_the_model) {
  const MadeImage made;
  const std::vector<Platform> platforms = platforms_of(made.store(), made.build());
  ASSERT_EQ(platforms.size(), 2U);
  const char* const architectures[] = {"amd64", "arm64"};
  for (std::size_t index = 0; index < platforms.size(); ++index) {
    const Platform& platform = platforms[index];
    EXPECT_EQ(platform.row.at("platform"), (json::object{{"os", "linux"}, {"architecture", architectures[index]}}));
    EXPECT_EQ(text_at(platform.config, "architecture"), architectures[index]);
    const json::array& layers = *array_at(platform.manifest, "layers");
    const json::array& diff_ids = *array_at(*object_at(platform.config, "rootfs"), "diff_ids");
    ASSERT_EQ(layers.size(), 2U);
    ASSERT_EQ(diff_ids.size(), 2U);
    EXPECT_EQ(array_at(platform.config, "history")->size(), 2U);
    EXPECT_EQ(text_at(layers[0].as_object(), "mediaType"), kTarGzipType);
    EXPECT_EQ(text_at(layers[1].as_object(), "mediaType"), kTarType);
    EXPECT_EQ(layers[1].at("digest"), diff_ids[1]) << "weights are not compressed";
    const json::object& config = *object_at(platform.config, "config");
    EXPECT_EQ(config.at("Entrypoint"), json::array{"/usr/bin/sixfold"});
    EXPECT_EQ(config.at("Cmd"), (json::array{"serve", "/models/weights.gguf"}));
    EXPECT_EQ(text_at(config, "User"), "65532:65532");
    EXPECT_EQ(text_at(config, "StopSignal"), "SIGTERM");
    EXPECT_TRUE(object_at(config, "ExposedPorts")->contains("8080/tcp"));
  }
  EXPECT_NE(platforms[0].manifest.at("layers").at(0), platforms[1].manifest.at("layers").at(0));
  EXPECT_EQ(platforms[0].manifest.at("layers").at(1), platforms[1].manifest.at("layers").at(1));
}

TEST(Image, labels_and_variables_of_a_person_are_added_and_win) {
  MadeImage made;
  made.parts.labels = {{"org.opencontainers.image.source", "https://git.example/bot"},
                       {"org.opencontainers.image.title", "Support"}};
  made.parts.environment = {{"HOME", "/home"}, {"SIXFOLD_LOG_JSON", "1"}};
  for (const Platform& platform : platforms_of(made.store(), made.build())) {
    const json::object& config = *object_at(platform.config, "config");
    const json::object& labels = *object_at(config, "Labels");
    EXPECT_EQ(text_at(labels, "org.opencontainers.image.source"), "https://git.example/bot");
    EXPECT_EQ(text_at(labels, "org.opencontainers.image.title"), "Support");
    EXPECT_EQ(text_at(labels, "org.opencontainers.image.version"), "1.0");
    EXPECT_EQ(text_at(labels, "org.opencontainers.image.created"), kCreated);
    std::set<std::string> variables;
    for (const json::value& variable : *array_at(config, "Env")) variables.emplace(variable.as_string());
    EXPECT_EQ(variables.size(), array_at(config, "Env")->size());
    EXPECT_TRUE(variables.contains("HOME=/home"));
    EXPECT_TRUE(variables.contains("SIXFOLD_LOG_JSON=1"));
  }
}

TEST(Image, equal_parts_give_equal_bytes_in_other_folders_at_other_times) {
  const MadeImage first;
  const MadeImage second;  // of files in another folder, written later
  fs::last_write_time(second.at("weights"), fs::file_time_type::clock::now() - std::chrono::hours(24 * 365));
  EXPECT_EQ(first.build().index.digest, second.build("another").index.digest);
  const auto archive = [](const MadeImage& made, const std::string& store) {
    EXPECT_TRUE(write_archive(made.store(store), "localhost/bot:1.0", "linux/amd64", made.at("image.tar")).is_ok());
    return read_all(made.at("image.tar"));
  };
  EXPECT_TRUE(archive(first, "store") == archive(second, "another"));
}

TEST(Image, every_platform_has_a_list_of_contents_and_a_provenance_attached) {
  const MadeImage made;
  const Image image = made.build();
  std::set<std::pair<std::string, std::string>> attached;
  for (const Descriptor& referrer : image.referrers) {
    const auto manifest = made.store().document(referrer);
    ASSERT_TRUE(manifest.is_ok());
    attached.emplace(text_at(*object_at(*manifest, "subject"), "digest"), text_at(*manifest, "artifactType"));
  }
  std::set<std::pair<std::string, std::string>> want;
  for (const Platform& platform : platforms_of(made.store(), image)) {
    want.emplace(text_at(platform.row, "digest"), kSpdxType);
    want.emplace(text_at(platform.row, "digest"), kInTotoType);
  }
  EXPECT_EQ(attached, want);
  EXPECT_TRUE(fs::exists(made.at("store/sbom-linux-arm64.spdx.json")));
}

TEST(Archive, a_damaged_blob_is_not_passed_on) {
  const MadeImage made;
  const Image image = made.build();
  const auto largest = std::max_element(image.blobs.begin(), image.blobs.end(),
                                        [](const auto& left, const auto& right) { return left.bytes < right.bytes; });
  const std::string path = made.store().path_of(largest->digest);
  std::string bytes = read_all(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);  // of the same size
  write_all(path, bytes);
  const auto written = write_archive(made.store(), "localhost/bot:1.0", "linux/amd64", made.at("image.tar"));
  ASSERT_FALSE(written.is_ok());
  EXPECT_EQ(written.error().code, ErrorCode::kCorruptData);
  EXPECT_NE(written.error().message.find(path), std::string::npos) << written.error().message;
  EXPECT_FALSE(fs::exists(made.at("image.tar")));
}

// Programs of other projects, where they are installed.
TEST(Archive, skopeo_reads_each_platform) {
  if (std::system("command -v skopeo >/dev/null 2>&1") != 0) GTEST_SKIP() << "no skopeo";
  const MadeImage made;
  made.build();
  const std::string path = made.at("image.tar");
  ASSERT_TRUE(write_archive(made.store(), "localhost/bot:1.0", "linux/arm64", path).is_ok());
  const auto inspect = [&](const std::vector<std::string>& choice, const std::string& place) {
    std::vector<std::string> argv = {"skopeo"};
    argv.insert(argv.end(), choice.begin(), choice.end());
    argv.insert(argv.end(), {"inspect", place});
    const auto out = run_tool(argv);
    EXPECT_TRUE(out.is_ok()) << out.error().message;
    return out.is_ok() ? *parse_json_object(*out, place) : json::object();
  };
  for (const char* architecture : {"amd64", "arm64"}) {
    for (const std::string& place : {"oci-archive:" + path, "oci:" + made.at("store") + ":1.0"}) {
      const json::object image = inspect({"--override-arch", architecture}, place);
      EXPECT_EQ(text_at(image, "Architecture"), architecture) << place;
      EXPECT_EQ(array_at(image, "Layers")->size(), 2U);
    }
  }
  EXPECT_EQ(text_at(inspect({}, "docker-archive:" + path), "Architecture"), "arm64") << "the preferred one";
  for (const std::string& place : {"oci-archive:" + path, "docker-archive:" + path}) {
    const auto copied = run_tool({"skopeo", "--insecure-policy", "copy", place, "dir:" + made.at("copy")});
    EXPECT_TRUE(copied.is_ok()) << copied.error().message;
  }
}

}  // namespace
}  // namespace sixfold::deploy::oci
