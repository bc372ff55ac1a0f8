// Prompts after which a model writes the middle of a text, in the order and with the tokens of its family.
#include "tokenizer/infill.h"

#include <gtest/gtest.h>

#include <map>

#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {
namespace {

// A byte is a token; special tokens have ids from 256 on, and 300 is the beginning.
class MarkedTokenizer final : public Tokenizer {
 public:
  explicit MarkedTokenizer(std::map<std::string, TokenId, std::less<>> marks, Vocabulary ids = {})
      : marks_(std::move(marks)),
        infill_(find_infill_tokens(ids, [this](std::string_view text) { return find(text); })) {}

  Result<std::vector<TokenId>> encode(std::string_view text, const EncodeOptions& options) const override {
    EXPECT_FALSE(options.parses_special) << "text of a client becomes special tokens";
    std::vector<TokenId> tokens;
    for (const char byte : text) tokens.push_back(static_cast<unsigned char>(byte));
    return tokens;
  }
  std::string piece(TokenId, bool) const override { return {}; }
  std::string decode(std::span<const TokenId>, bool) const override { return {}; }
  std::size_t size() const override { return 301; }
  std::optional<TokenId> bos() const override { return 300; }
  std::optional<TokenId> eos() const override { return std::nullopt; }
  bool adds_bos() const override { return begins; }
  bool ends_generation(TokenId) const override { return false; }
  std::optional<TokenId> find(std::string_view token) const override {
    const auto found = marks_.find(token);
    return found == marks_.end() ? std::nullopt : std::optional(found->second);
  }
  const std::string& chat_template() const override { return none_; }
  std::optional<InfillTokens> infill_tokens() const override { return infill_; }

  bool begins = false;

 private:
  const std::map<std::string, TokenId, std::less<>> marks_;
  const std::optional<InfillTokens> infill_;
  const std::string none_;
};

// Bytes as they are, other tokens as <id>.
std::string shown(const Tokenizer& tokenizer, const InfillInput& input) {
  const auto tokens = infill_prompt(tokenizer, input);
  EXPECT_TRUE(tokens.is_ok());
  std::string text;
  if (!tokens) return text;
  for (const TokenId token : *tokens) {
    text += token < 256 ? std::string(1, static_cast<char>(token)) : "<" + std::to_string(token) + ">";
  }
  return text;
}

TEST(Infill, puts_the_prefix_first_for_qwen_and_others) {
  const MarkedTokenizer tokenizer({{"<|fim_prefix|>", 256}, {"<|fim_suffix|>", 257}, {"<|fim_middle|>", 258}});
  EXPECT_EQ(shown(tokenizer, {.prefix = "ab", .suffix = "cd", .middle = "x"}), "<256>ab<257>cd<258>x");
  EXPECT_EQ(shown(tokenizer, {}), "<256><257><258>");
}

TEST(Infill, puts_the_suffix_first_for_codestral_which_has_no_middle_token) {
  const MarkedTokenizer tokenizer({{"[PREFIX]", 256}, {"[SUFFIX]", 257}});
  EXPECT_EQ(shown(tokenizer, {.prefix = "ab", .suffix = "cd", .middle = "x"}), "<257>cd<256>abx");
}

TEST(Infill, ids_of_the_file_win_over_texts) {
  Vocabulary ids;
  ids.fim_prefix = 280;
  ids.fim_suffix = 281;
  ids.fim_middle = 282;
  const MarkedTokenizer tokenizer({{"<|fim_prefix|>", 256}, {"<|fim_suffix|>", 257}, {"<|fim_middle|>", 258}}, ids);
  EXPECT_EQ(shown(tokenizer, {.prefix = "a", .suffix = "b"}), "<280>a<281>b<282>");
}

TEST(Infill, other_files_stand_before_the_text_with_their_names) {
  const MarkedTokenizer tokenizer({{"<|fim_prefix|>", 256},
                                   {"<|fim_suffix|>", 257},
                                   {"<|fim_middle|>", 258},
                                   {"<|repo_name|>", 259},
                                   {"<|file_sep|>", 260}});
  const InfillInput input{.prefix = "p", .suffix = "s", .files = {{"a.h", "A"}, {"b.h", "B"}}};
  EXPECT_EQ(shown(tokenizer, input), "<259>project\n<260>a.h\nA\n<260>b.h\nB\n<260>\n<256>p<257>s<258>");
  const MarkedTokenizer plain({{"<fim-prefix>", 256}, {"<fim-suffix>", 257}, {"<fim-middle>", 258}});
  EXPECT_EQ(shown(plain, input), "<256>A\n\nB\n\np<257>s<258>");
}

TEST(Infill, of_two_families_with_the_same_marks_the_one_whose_file_mark_is_there) {
  const MarkedTokenizer tokenizer(
      {{"<fim_prefix>", 256}, {"<fim_suffix>", 257}, {"<fim_middle>", 258}, {"<filename>", 261}});
  EXPECT_EQ(shown(tokenizer, {.prefix = "p", .suffix = "s", .files = {{"a", "A"}}}),
            "<261>a\nA\n<261>\n<256>p<257>s<258>");
}

TEST(Infill, begins_with_the_beginning_token_of_vocabularies_that_want_it) {
  MarkedTokenizer tokenizer({{"▁<PRE>", 256}, {"▁<SUF>", 257}, {"▁<MID>", 258}});
  tokenizer.begins = true;
  EXPECT_EQ(shown(tokenizer, {.prefix = "a", .suffix = "b"}), "<300><256>a<257>b<258>");
}

TEST(Infill, a_model_without_such_tokens_says_so) {
  const MarkedTokenizer tokenizer({{"<|fim_prefix|>", 256}, {"<|fim_suffix|>", 257}});
  const auto tokens = infill_prompt(tokenizer, {.prefix = "a"});
  ASSERT_FALSE(tokens.is_ok());
  EXPECT_EQ(tokens.error().code, ErrorCode::kInvalidArgument);
  EXPECT_NE(tokens.error().message.find("cannot fill in the middle"), std::string::npos);
}

}  // namespace
}  // namespace sixfold::tokenizer
