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

using Ids = std::vector<TokenId>;

struct PairTokens {
  Ids ids, types;
};

PairTokens pair_tokens(const Tokenizer& tokenizer, std::string_view first, std::string_view second) {
  const PairForm form = tokenizer.pair_form().value();
  PairTokens made;
  const auto append = [&](const Ids& ids, TokenId type) {
    made.ids.insert(made.ids.end(), ids.begin(), ids.end());
    made.types.resize(made.ids.size(), type);
  };
  const auto encode = [&](std::string_view text) {
    return tokenizer.encode(text, {.adds_special = false, .parses_special = true}).value();
  };
  const TokenId second_type = form.second_type_begin ? 1 : 0;
  append(form.before, 0);
  append(encode(first), 0);
  for (std::size_t i = 0; i < form.between.size(); ++i) {
    append({form.between[i]}, i >= form.second_type_begin.value_or(form.between.size()) ? 1 : 0);
  }
  append(encode(second), second_type);
  append(form.after, second_type);
  return made;
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
      const Ids ids = (*made)->encode(text, {.adds_special = false, .parses_special = true}).value();
      EXPECT_EQ(ids, boost::json::value_to<Ids>(row.at("ids"))) << text;
      EXPECT_EQ((*made)->encode(text, {.adds_special = true, .parses_special = true}).value(),
                boost::json::value_to<Ids>(row.at("ids_special")))
          << text;
      // What a token at the end of a text loses, a token alone keeps: it may be the first of a stream.
      if (ids.size() == 1) continue;
      EXPECT_EQ(repaired((*made)->decode(ids, false)), std::string(row.at("decoded").as_string())) << text;
    }
    ASSERT_FALSE(file.at("pairs").as_array().empty());
    for (const auto& row : file.at("pairs").as_array()) {
      const PairTokens pair = pair_tokens(**made, row.at("first").as_string(), row.at("second").as_string());
      EXPECT_EQ(pair.ids, boost::json::value_to<Ids>(row.at("ids")));
      EXPECT_EQ(pair.types, boost::json::value_to<Ids>(row.at("types")));
    }
  }
}

}  // namespace
}  // namespace sixfold::tokenizer
