// Names that people type lead to a checkpoint or to an error that says what is possible.
#include <gtest/gtest.h>

#include "registry/artifact.h"
#include "registry/builtin_model.h"

namespace sixfold::registry {
namespace {

TEST(OpenArtifact, empty_and_builtin_name_the_builtin_model) {
  for (const char* source : {"", "builtin:"}) {
    const auto checkpoint = open_artifact(source);
    ASSERT_TRUE(checkpoint.is_ok()) << checkpoint.error().message;
    EXPECT_EQ(checkpoint->path(), "builtin");
    EXPECT_EQ(checkpoint->file_bytes(), builtin_model().size());
    EXPECT_NE(checkpoint->find_tensor("token_embd.weight"), nullptr);
  }
}

TEST(OpenArtifact, missing_file_says_so) {
  const auto checkpoint = open_artifact("no-such-model.gguf");
  ASSERT_FALSE(checkpoint.is_ok());
  EXPECT_EQ(checkpoint.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(checkpoint.error().message, "no-such-model.gguf: no such file");
}

TEST(OpenArtifact, unknown_kind_of_source_lists_the_known_ones) {
  const auto checkpoint = open_artifact("torrent:abc");
  ASSERT_FALSE(checkpoint.is_ok());
  EXPECT_EQ(checkpoint.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(checkpoint.error().message.find("builtin:"), std::string::npos);
}

}  // namespace
}  // namespace sixfold::registry
