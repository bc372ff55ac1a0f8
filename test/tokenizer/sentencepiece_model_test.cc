// tokenizer.model files, against the program that makes them, and broken ones.
#include "tokenizer/sentencepiece_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tokenizer/reference_data.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {
namespace {

using ::testing::HasSubstr;

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}
std::string number(unsigned field, std::uint64_t value) {
  return varint(field << 3) + varint(value);
}
std::string bytes(unsigned field, const std::string& content) {
  return varint(field << 3 | 2) + varint(content.size()) + content;
}
std::string score(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  std::string text = varint(2 << 3 | 5);
  for (unsigned shift = 0; shift < 32; shift += 8) text += static_cast<char>(bits >> shift & 0xFF);
  return text;
}

// <unk> <s> </s>, then "▁a", "b" (user-defined).
std::string small_model(unsigned model_type) {
  std::string model = bytes(1, bytes(1, "<unk>") + score(0) + number(3, 2));
  model += bytes(1, bytes(1, "<s>") + score(0) + number(3, 3));
  model += bytes(1, bytes(1, "</s>") + score(0) + number(3, 3));
  model += bytes(1, bytes(1, "\u2581a") + score(-1.5F));
  model += bytes(1, bytes(1, "b") + score(-2) + number(3, 4));
  model += bytes(2, number(3, model_type) + number(43, static_cast<std::uint64_t>(-1)) + number(4, 5));
  return model + bytes(3, bytes(1, "identity") + number(3, 0) + number(4, 1)) + bytes(99, "more");
}

TEST(SentencePieceModel, gives_the_vocabulary_what_the_file_says) {
  Vocabulary vocabulary;
  ASSERT_TRUE(read_sentencepiece_model(small_model(2), vocabulary).is_ok());
  EXPECT_EQ(vocabulary.model, "llama");
  EXPECT_EQ(vocabulary.tokens, (StringArray{"<unk>", "<s>", "</s>", "\u2581a", "b"}));
  EXPECT_EQ(vocabulary.scores, (std::vector<float>{0, 0, 0, -1.5F, -2}));
  EXPECT_EQ(vocabulary.kinds[0], TokenKind::kUnknown);
  EXPECT_EQ(vocabulary.kinds[3], TokenKind::kNormal);
  EXPECT_EQ(vocabulary.kinds[4], TokenKind::kUserDefined);
  EXPECT_EQ(vocabulary.unknown, 0);
  EXPECT_EQ(vocabulary.bos, 1);
  EXPECT_EQ(vocabulary.eos, 2);
  EXPECT_EQ(vocabulary.padding, std::nullopt);
  EXPECT_EQ(vocabulary.adds_space_prefix, false);
  EXPECT_EQ(vocabulary.removes_extra_spaces, true);

  Vocabulary named;
  named.eos_text = "b";
  named.unknown = 3;
  ASSERT_TRUE(read_sentencepiece_model(small_model(1), named).is_ok());
  EXPECT_EQ(named.model, "t5");
  EXPECT_EQ(named.eos, 4);
  EXPECT_EQ(named.unknown, 3);
}

TEST(SentencePieceModel, every_cut_is_refused_or_ends_between_two_fields) {
  const std::string model = small_model(2);
  int refused = 0;
  for (std::size_t size = 0; size < model.size(); ++size) {
    Vocabulary vocabulary;
    const Status status = read_sentencepiece_model(model.substr(0, size), vocabulary);
    refused += status.is_ok() ? 0 : 1;
    EXPECT_LE(vocabulary.tokens.size(), 5u);
  }
  EXPECT_GT(refused, static_cast<int>(model.size()) - 10);
}

TEST(SentencePieceModel, refuses_what_it_does_not_know) {
  const auto error_of = [](const std::string& model) {
    Vocabulary vocabulary;
    const Status status = read_sentencepiece_model(model, vocabulary);
    return status.is_ok() ? "accepted" : status.error().message;
  };
  EXPECT_THAT(error_of(small_model(3)), HasSubstr("model_type: want 1 (Unigram) or 2 (BPE), got 3"));
  EXPECT_THAT(error_of(bytes(1, number(3, 7))), HasSubstr("tokenizer.model: piece 0: type: want 1 to 6, got 7"));
  EXPECT_THAT(error_of(bytes(3, number(5, 0))), HasSubstr("want spaces written as marks"));
  EXPECT_THAT(error_of(bytes(2, number(24, 1))), HasSubstr("want spaces written as marks"));
  EXPECT_THAT(error_of("\x0B"), HasSubstr("want wire type 0, 1, 2 or 5, got 3"));
  EXPECT_THAT(error_of("\x0A\xFF\xFF\xFF\xFF\x0F"), HasSubstr("more bytes, got 0"));
  EXPECT_THAT(error_of(std::string(12, '\xFF')), HasSubstr("want a number of at most 10 bytes"));
}

TEST(SentencePieceModel, rows_of_the_embedding_beyond_the_pieces_have_no_text) {
  Vocabulary vocabulary;
  vocabulary.sentencepiece_model = small_model(2);
  vocabulary.tokens_min = 8;
  const auto tokenizer = make_tokenizer(std::move(vocabulary)).value();
  EXPECT_EQ(tokenizer->size(), 8u);
  EXPECT_EQ(tokenizer->piece(7, true), "");
}

// Trains vocabularies with the real program and compares ids of texts that it encodes.
class RealProgram : public ::testing::TestWithParam<const char*> {};

TEST_P(RealProgram, gives_the_same_ids) {
  if (std::system("spm_train --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "sentencepiece is not installed";
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) /
                                       ("sixfold_spm_" + std::to_string(std::hash<std::string>()(GetParam())));
  std::filesystem::create_directories(folder);
  const std::string source =
      read_text(SIXFOLD_SOURCE_DIR "/ARCHITECTURE.md") + read_text(SIXFOLD_SOURCE_DIR "/README.md");
  ASSERT_GT(source.size(), 10000u);
  std::ofstream(folder / "text.txt", std::ios::binary) << source;
  const std::string name = (folder / "model").string();
  const std::string train = "spm_train --input=" + (folder / "text.txt").string() + " --model_prefix=" + name +
                            " --num_threads=1 --minloglevel=2 " + GetParam() + " >/dev/null 2>&1";
  ASSERT_EQ(std::system(train.c_str()), 0);
  const std::vector<std::string> texts = {"Hello world",
                                          "  two  spaces   here ",
                                          "The scheduler's plan_step",
                                          "\u4E2D\u6587 caf\u00E9",
                                          "\uFB01ne \uFF21\uFF22 \u00BD\u3000x",
                                          "tab\there",
                                          "\U0001F600 ok",
                                          "a",
                                          "xyzzyqq 123456",
                                          "kernels::WorkerPool belongs to the engine thread; between two calls"};
  {
    std::ofstream file(folder / "in.txt", std::ios::binary);
    for (const std::string& text : texts) file << text << "\n";
    std::istringstream lines(source);
    for (std::string line; std::getline(lines, line);) file << line << "\n";
  }
  const std::string encode = "spm_encode --model=" + name +
                             ".model --output_format=id --input=" + (folder / "in.txt").string() +
                             " --output=" + (folder / "out.txt").string() + " 2>/dev/null";
  ASSERT_EQ(std::system(encode.c_str()), 0);
  Vocabulary vocabulary;
  vocabulary.sentencepiece_model = read_text(name + ".model");
  const auto made = make_tokenizer(std::move(vocabulary));
  ASSERT_TRUE(made.is_ok()) << made.error().message;
  std::ifstream in(folder / "in.txt", std::ios::binary);
  std::ifstream out(folder / "out.txt", std::ios::binary);
  int compared = 0;
  for (std::string text, line; std::getline(in, text) && std::getline(out, line); ++compared) {
    std::istringstream numbers(line);
    const std::vector<TokenId> wanted{std::istream_iterator<TokenId>(numbers), {}};
    EXPECT_EQ((*made)->encode(text, {.adds_special = false}).value(), wanted) << text;
  }
  EXPECT_GT(compared, 100);
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, RealProgram,
                         ::testing::Values("--model_type=unigram --vocab_size=500",
                                           "--model_type=unigram --vocab_size=800 --byte_fallback=true",
                                           "--model_type=bpe --vocab_size=500",
                                           "--model_type=bpe --vocab_size=800 --byte_fallback=true "
                                           "--normalization_rule_name=identity --remove_extra_whitespaces=false"));

}  // namespace
}  // namespace sixfold::tokenizer
