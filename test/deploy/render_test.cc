// What three manifests become for every target, byte for byte, in test/deploy/golden/MANIFEST/TARGET/.
// SIXFOLD_UPDATE_GOLDEN=1 writes the files anew; read the difference before you keep it.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include "core/digest.h"
#include "core/text_file.h"
#include "deploy/state.h"
#include "deploy/target_list.h"
#include "manifest/manifest.h"

namespace sixfold::deploy {
namespace {

namespace fs = std::filesystem;

const fs::path kFolder = fs::path(SIXFOLD_SOURCE_DIR) / "test/deploy";

std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  if (!fs::exists(folder)) return files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    auto text = read_text_file(entry.path().string(), 1u << 20);
    files[entry.path().lexically_relative(folder).generic_string()] = text.is_ok() ? *text : text.error().message;
  }
  return files;
}

// In place of files that are not there: a hash of the path.
Result<std::string> hash_of_path(const std::string& path) {
  return sha256_hex(path);
}

class Golden : public testing::TestWithParam<std::string> {};

TEST_P(Golden, files_are_those_that_were_reviewed) {
  const std::string path = (kFolder / "manifests" / (GetParam() + ".yaml")).string();
  const auto manifest = manifest::read_manifest(path);
  ASSERT_TRUE(manifest.is_ok()) << manifest.error().message;
  ASSERT_FALSE(manifest->targets.empty());
  for (const auto& [name, section] : manifest->targets) {
    const auto target = find_target(name);
    ASSERT_TRUE(target.is_ok()) << target.error().message;
    const auto rendered = (*target)->render({*manifest, section, GetParam() + ".yaml", hash_of_path});
    ASSERT_TRUE(rendered.is_ok()) << rendered.error().message;
    const fs::path golden = kFolder / "golden" / GetParam() / name;
    if (std::getenv("SIXFOLD_UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
      fs::remove_all(golden);
      ASSERT_TRUE(write_files(golden.string(), *rendered).is_ok());
    }
    std::map<std::string, std::string> got;
    for (const RenderedFile& file : *rendered) {
      EXPECT_TRUE(got.emplace(file.path, file.text).second) << file.path << " is there twice";
    }
    EXPECT_EQ(got, files_below(golden)) << GetParam() << ", " << name;
  }
}

TEST_P(Golden, rendering_again_gives_the_same_bytes) {
  const std::string path = (kFolder / "manifests" / (GetParam() + ".yaml")).string();
  const auto manifest = manifest::read_manifest(path);
  ASSERT_TRUE(manifest.is_ok());
  for (const auto& [name, section] : manifest->targets) {
    const auto target = find_target(name);
    const RenderInput input{*manifest, section, path, hash_of_path};
    const auto first = (*target)->render(input), second = (*target)->render(input);
    ASSERT_TRUE(first.is_ok() && second.is_ok());
    EXPECT_EQ(*first, *second);
  }
}

INSTANTIATE_TEST_SUITE_P(Manifests, Golden, testing::Values("smallest", "typical", "everything"),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace sixfold::deploy
