// Malformed model files are refused, and never stop the program.
#include <gtest/gtest.h>

#include "golden_files.h"
#include "model_runner.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::test {
namespace {

// Everything that happens to a file before its first token: open, load, vocabulary, tokenizer.
Status use(const std::string& path) {
  SIXFOLD_TRY(formats::Checkpoint checkpoint, formats::open_checkpoint(path));
  SIXFOLD_TRY(tokenizer::Vocabulary vocabulary, model::read_vocabulary(checkpoint));
  auto tokenizer = tokenizer::make_tokenizer(std::move(vocabulary));
  if (!tokenizer.is_ok()) return with_context(tokenizer.error(), path);
  SIXFOLD_TRY(const auto model, model::load(std::move(checkpoint), shared_pool(), {.rows_max = 8}));
  return ok();
}

TEST(GoldenCorrupt, files_are_refused_or_accepted_as_listed) {
  SIXFOLD_NEEDS_TESTDATA(folder);
  std::size_t files = 0;
  const boost::json::value index = read_json(folder + "/golden/corrupt/index.json");
  for (const boost::json::value& entry : index.as_array()) {
    const std::string file = entry.at("file").as_string().c_str();
    const std::string expected = entry.at("expect").as_string().c_str();
    if (!file.ends_with(".gguf")) continue;
    ++files;
    SCOPED_TRACE(file);
    const Status status = use(folder + "/golden/corrupt/" + file);
    if (expected == "accept") {
      EXPECT_TRUE(status.is_ok()) << status.error().message;
    }
    if (expected == "reject") {
      ASSERT_FALSE(status.is_ok());
      EXPECT_NE(status.error().code, ErrorCode::kInternal);
      EXPECT_NE(status.error().message.find(file), std::string::npos) << status.error().message;
    }
  }
  EXPECT_GT(files, 40U);
}

}  // namespace
}  // namespace sixfold::test
