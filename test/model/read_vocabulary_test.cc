// The tokenizer keys of a model file, and what is refused in them.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "model/model.h"
#include "tiny_model.h"

namespace sixfold::test {
namespace {

using tokenizer::TokenKind;
using tokenizer::Vocabulary;

TEST(ReadVocabulary, takes_everything_over) {
  TinyModel tiny;
  tiny.set("tokenizer.ggml.pre", std::string("default"));
  tiny.set("tokenizer.ggml.eot_token_id", std::uint64_t{5});
  tiny.set("tokenizer.ggml.add_bos_token", true);
  tiny.set("tokenizer.ggml.add_eos_token", false);
  tiny.set("tokenizer.chat_template", std::string("{{ messages }}"));
  const Vocabulary read = model::read_vocabulary(tiny.open()).value();
  EXPECT_EQ(read.model, "llama");
  EXPECT_EQ(read.pretokenizer, "default");
  ASSERT_EQ(read.tokens.size(), 40U);
  EXPECT_EQ(read.tokens[39], "t39");
  EXPECT_EQ(read.scores[39], -39.0F);
  EXPECT_EQ(read.kinds[0], TokenKind::kUnknown);
  EXPECT_EQ(read.kinds[1], TokenKind::kControl);
  EXPECT_EQ(read.kinds[39], TokenKind::kNormal);
  EXPECT_EQ(read.bos, 1);
  EXPECT_EQ(read.eos, 2);
  EXPECT_EQ(read.unknown, 0);
  EXPECT_EQ(read.eot, 5);
  EXPECT_EQ(read.padding, std::nullopt);
  EXPECT_EQ(read.adds_bos, true);
  EXPECT_EQ(read.adds_eos, false);
  EXPECT_EQ(read.adds_space_prefix, std::nullopt);
  EXPECT_EQ(read.chat_template, "{{ messages }}");
}

TEST(ReadVocabulary, takes_over_what_encoders_need) {
  TinyModel tiny;
  tiny.set("tokenizer.ggml.model", std::string("t5"));
  tiny.set("tokenizer.ggml.cls_token_id", std::uint64_t{1});
  tiny.set("tokenizer.ggml.seperator_token_id", std::uint64_t{2});
  tiny.set("tokenizer.ggml.remove_extra_whitespaces", true);
  tiny.set("tokenizer.ggml.normalizer.lowercase", false);
  tiny.set("tokenizer.ggml.precompiled_charsmap", std::vector<std::uint64_t>{0, 65, 255});
  tiny.set("tokenizer.ggml.eos_token_ids", std::vector<std::uint64_t>{7, 9});
  const Vocabulary read = model::read_vocabulary(tiny.open()).value();
  EXPECT_EQ(read.scores.size(), 40U);
  EXPECT_EQ(read.classifier, 1);
  EXPECT_EQ(read.separator, 2);
  EXPECT_EQ(read.removes_extra_spaces, true);
  EXPECT_EQ(read.lowers_case, false);
  EXPECT_EQ(read.strips_accents, std::nullopt);
  EXPECT_EQ(read.charsmap, std::string("\0A\xFF", 3));
  EXPECT_EQ(read.end_tokens, (std::vector<tokenizer::TokenId>{7, 9}));

  tiny.set("tokenizer.ggml.eos_token_ids", std::vector<std::uint64_t>{7, 40});
  EXPECT_FALSE(model::read_vocabulary(tiny.open()).is_ok());
  tiny.set("tokenizer.ggml.eos_token_ids", std::vector<std::uint64_t>{7});
  tiny.set("tokenizer.ggml.precompiled_charsmap", std::vector<std::uint64_t>{256});
  EXPECT_FALSE(model::read_vocabulary(tiny.open()).is_ok());
}

TEST(ReadVocabulary, byte_level_vocabularies_have_merges_and_no_scores) {
  TinyModel tiny;
  tiny.set("tokenizer.ggml.model", std::string("gpt2"));
  tiny.set("tokenizer.ggml.merges", std::vector<std::string>{"a b", "ab c"});
  tiny.erase("tokenizer.ggml.scores");
  tiny.erase("tokenizer.ggml.token_type");
  const Vocabulary read = model::read_vocabulary(tiny.open()).value();
  EXPECT_EQ(read.merges, (StringArray{"a b", "ab c"}));
  EXPECT_TRUE(read.scores.empty());
  EXPECT_TRUE(read.kinds.empty());
}

TEST(ReadVocabulary, minus_one_in_32_bits_means_no_token) {
  TinyModel tiny;
  tiny.set("tokenizer.ggml.padding_token_id", std::uint64_t{4294967295});
  EXPECT_EQ(model::read_vocabulary(tiny.open()).value().padding, std::nullopt);
}

struct Damage {
  const char* name;
  std::function<void(TinyModel&)> apply;
  const char* message;
};

class ReadVocabularyRefuses : public testing::TestWithParam<Damage> {};

TEST_P(ReadVocabularyRefuses, damaged_file) {
  TinyModel tiny;
  GetParam().apply(tiny);
  const auto read = model::read_vocabulary(tiny.open());
  ASSERT_FALSE(read.is_ok());
  EXPECT_EQ(read.error().code, ErrorCode::kCorruptData);
  EXPECT_NE(read.error().message.find(GetParam().message), std::string::npos) << read.error().message;
  EXPECT_TRUE(read.error().message.starts_with("tiny.gguf: ")) << read.error().message;
}

Damage set_key(const char* name, const char* key, formats::MetadataValue value, const char* message) {
  return {name, [key, value](TinyModel& tiny) { tiny.set(key, value); }, message};
}

Damage erase_key(const char* name, const char* key) {
  return {name, [key](TinyModel& tiny) { tiny.erase(key); }, key};
}

INSTANTIATE_TEST_SUITE_P(
    Keys, ReadVocabularyRefuses,
    testing::Values(
        erase_key("no_model", "tokenizer.ggml.model"), erase_key("no_tokens", "tokenizer.ggml.tokens"),
        erase_key("no_scores", "tokenizer.ggml.scores"),
        set_key("no_merges", "tokenizer.ggml.model", std::string("gpt2"), "tokenizer.ggml.merges"),
        set_key("tokens_of_numbers", "tokenizer.ggml.tokens", std::vector<std::uint64_t>{1, 2}, "tokens"),
        set_key("tokens_fewer_than_embeddings", "tokenizer.ggml.tokens", std::vector<std::string>(39, "x"),
                "tokenizer.ggml.tokens: 39 entries, want 40"),
        set_key("scores_short", "tokenizer.ggml.scores", std::vector<double>(39), "scores: 39 entries, want 40"),
        set_key("score_nan", "tokenizer.ggml.scores", std::vector<double>(40, std::nan("")), "entry 0 is not a number"),
        set_key("kinds_long", "tokenizer.ggml.token_type", std::vector<std::int64_t>(41, 1),
                "token_type: 41 entries, want 40"),
        set_key("kind_0", "tokenizer.ggml.token_type", std::vector<std::int64_t>(40, 0), "entry 0 is 0, want 1 to 6"),
        set_key("kind_7", "tokenizer.ggml.token_type", std::vector<std::int64_t>(40, 7), "entry 0 is 7, want 1 to 6"),
        set_key("bos_out_of_range", "tokenizer.ggml.bos_token_id", std::uint64_t{40}, "bos_token_id: 40, want 0 to 39"),
        set_key("eos_negative", "tokenizer.ggml.eos_token_id", std::int64_t{-2}, "eos_token_id"),
        set_key("flag_text", "tokenizer.ggml.add_bos_token", std::string("yes"), "add_bos_token"),
        set_key("template_number", "tokenizer.chat_template", std::uint64_t{1}, "chat_template")),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace sixfold::test
