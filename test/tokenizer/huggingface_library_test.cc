// tokenizer.json files of every stage, against what the real library makes of them.  The cases are made by
// test/conformance/tokenizers, which runs this test with their path in SIXFOLD_TOKENIZER_CASES.
#include <gtest/gtest.h>

#include <cstdlib>

#include "core/utf8.h"
#include "tokenizer/reference_data.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {
namespace {

// The library gives whole characters; we give bytes, which callers repair.
std::string repaired(const std::string& bytes) {
  return replace_broken_utf8(bytes);
}

TEST(HuggingFaceLibrary, ids_and_texts_are_the_same) {
  const char* path = std::getenv("SIXFOLD_TOKENIZER_CASES");
  if (path == nullptr) GTEST_SKIP() << "SIXFOLD_TOKENIZER_CASES is not set";
  const auto cases = boost::json::parse(read_text(path));
  ASSERT_GT(cases.as_array().size(), 30u);
  for (const auto& file : cases.as_array()) {
    SCOPED_TRACE(std::string(file.at("name").as_string()));
    Vocabulary vocabulary;
    vocabulary.huggingface_json = std::string(file.at("json").as_string());
    const auto made = make_tokenizer(std::move(vocabulary));
    ASSERT_TRUE(made.is_ok()) << made.error().message;
    for (const auto& row : file.at("rows").as_array()) {
      const std::string text(row.at("text").as_string());
      using Ids = std::vector<TokenId>;
      const Ids ids = (*made)->encode(text, {.adds_special = false, .parses_special = true}).value();
      EXPECT_EQ(ids, boost::json::value_to<Ids>(row.at("ids"))) << text;
      EXPECT_EQ((*made)->encode(text, {.adds_special = true, .parses_special = true}).value(),
                boost::json::value_to<Ids>(row.at("ids_special")))
          << text;
      // What a token at the end of a text loses, a token alone keeps: it may be the first of a stream.
      if (ids.size() == 1) continue;
      EXPECT_EQ(repaired((*made)->decode(ids, false)), std::string(row.at("decoded").as_string())) << text;
    }
  }
}

}  // namespace
}  // namespace sixfold::tokenizer
