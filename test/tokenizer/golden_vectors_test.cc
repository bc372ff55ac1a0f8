// Token ids and texts of real vocabularies against llama.cpp's and SentencePiece's: read from GGUF, and once more from
// tokenizer.json files made of them.
#include <gtest/gtest.h>

#include <filesystem>

#include "core/utf8.h"
#include "tokenizer/huggingface_json.h"
#include "tokenizer/reference_data.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {
namespace {

using Ids = std::vector<TokenId>;

Ids ids_of(const boost::json::value& list) {
  return boost::json::value_to<Ids>(list);
}

// The reference's detokenizer takes out some spaces for these vocabularies (Hugging Face's clean_up_tokenization).
// Ours does not: text must survive encoding and decoding, and a stream could not take back a space it has sent.
std::string cleaned_up(std::string text) {
  for (const auto& [from, to] : {std::pair{" .", "."},
                                 {" ?", "?"},
                                 {" !", "!"},
                                 {" ,", ","},
                                 {" ' ", "'"},
                                 {" n't", "n't"},
                                 {" 'm", "'m"},
                                 {" 's", "'s"},
                                 {" 've", "'ve"},
                                 {" 're", "'re"}}) {
    const std::string old = from;
    for (std::size_t at = 0; (at = text.find(old, at)) != std::string::npos;) text.replace(at, old.size(), to);
  }
  return text;
}

// Where the reference departs from BERT's own tokenizer, whose way is ours: of Hangul syllables it keeps only the first
// part, and from Indic scripts it takes vowel signs as if they were accents.
bool departs_from_bert(std::string_view text) {
  for (; !text.empty(); text.remove_prefix(read_utf8(text).bytes)) {
    const char32_t character = read_utf8(text).code_point;
    if ((character >= 0xAC00 && character <= 0xD7A3) || (character >= 0x0900 && character <= 0x0DFF)) return true;
  }
  return false;
}

// The same tokens, to be read from a tokenizer.json.
Vocabulary as_huggingface(const Vocabulary& vocabulary) {
  Vocabulary made;
  made.huggingface_json = huggingface_json_of(vocabulary);
  made.tokens_min = vocabulary.tokens.size();
  made.bos = vocabulary.bos;
  made.eos = vocabulary.eos;
  return made;
}

struct Case {
  std::string vocabulary;
  bool is_json = false;
};

class GoldenVectors : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    const auto folder = reference_folder();
    if (!folder.has_value()) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
    folder_ = *folder;
    const auto image = read_gzip(folder_ + "ggml-vocab-" + name() + ".gguf.gz");
    const auto file = formats::read_gguf(image, name());
    ASSERT_TRUE(file.is_ok()) << file.error().message;
    const Vocabulary vocabulary = vocabulary_of(*file);
    auto made = make_tokenizer(GetParam().is_json ? as_huggingface(vocabulary) : vocabulary);
    ASSERT_TRUE(made.is_ok()) << made.error().message;
    tokenizer_ = std::move(made).value();
  }

  const std::string& name() const { return GetParam().vocabulary; }
  bool is_bert() const { return name() == "bert-bge"; }
  bool cleans_up() const { return is_bert() || name() == "gpt-2" || name() == "llama-bpe"; }

  // The reference takes texts that end generations elsewhere for special, whatever the file calls them.  A
  // tokenizer.json says itself which tokens are special, and Qwen's does not say it of this one.
  bool names_undeclared_end(std::string_view text) const {
    return GetParam().is_json && name() == "qwen2" && text.find("</s>") != std::string_view::npos;
  }

  std::string folder_;
  std::unique_ptr<Tokenizer> tokenizer_;
};

TEST_P(GoldenVectors, ids_and_texts_are_the_reference_ones) {
  const auto strings = boost::json::parse(read_text(folder_ + "extra_strings.json"));
  const auto reference = boost::json::parse(read_text(folder_ + name() + ".vectors.json"));
  const auto& vectors = reference.at("vectors").as_array();
  ASSERT_EQ(vectors.size(), strings.as_array().size());
  int compared = 0;
  for (std::size_t i = 0; i < vectors.size(); ++i) {
    if (!strings.at(i).at("valid_utf8").as_bool() || vectors[i].at("ids").is_null()) continue;
    const std::string text = from_hex(strings.at(i).at("hex").as_string());
    if (is_bert() && departs_from_bert(text)) continue;
    ++compared;
    const Ids ids = tokenizer_->encode(text, {.adds_special = false, .parses_special = false}).value();
    EXPECT_EQ(ids, ids_of(vectors[i].at("ids"))) << text;
    EXPECT_EQ(tokenizer_->encode(text, {.adds_special = true, .parses_special = false}).value(),
              ids_of(vectors[i].at("ids_bos")))
        << text;
    if (!names_undeclared_end(text)) {
      EXPECT_EQ(tokenizer_->encode(text, {.adds_special = true, .parses_special = true}).value(),
                ids_of(vectors[i].at("ids_bos_special")))
          << text;
    }
    const std::string decoded = tokenizer_->decode(ids, false);
    // The reference leaves the space in front of BERT's first word; words have spaces between them, so ours does not.
    const std::string space = is_bert() && !decoded.empty() ? " " : "";
    EXPECT_EQ(cleans_up() ? cleaned_up(space + decoded) : decoded, from_hex(vectors[i].at("detok_hex").as_string()))
        << text;
    if (cleans_up() && !is_bert()) {
      EXPECT_EQ(decoded, text);
    }
  }
  EXPECT_EQ(compared, is_bert() ? 196 : 216);

  // Only the vocabulary that the SentencePiece library itself has read brings these.
  const auto* sentencepiece = reference.as_object().if_contains("sentencepiece_ids");
  EXPECT_EQ(sentencepiece != nullptr, name() == "llama-spm");
  for (std::size_t i = 0; sentencepiece != nullptr && i < vectors.size(); ++i) {
    if (sentencepiece->at(i).is_null()) continue;
    const std::string text = from_hex(strings.at(i).at("hex").as_string());
    EXPECT_EQ(tokenizer_->encode(text, {.adds_special = false}).value(), ids_of(sentencepiece->at(i))) << text;
  }
}

TEST_P(GoldenVectors, invalid_utf8_gives_tokens) {
  const auto strings = boost::json::parse(read_text(folder_ + "extra_strings.json"));
  for (const auto& row : strings.as_array()) {
    if (row.at("valid_utf8").as_bool()) continue;
    const auto ids = tokenizer_->encode(from_hex(row.at("hex").as_string()), {});
    ASSERT_TRUE(ids.is_ok()) << ids.error().message;
    EXPECT_FALSE(ids->empty());
  }
}

TEST_P(GoldenVectors, pairs_of_inputs_and_outputs_are_reproduced) {
  const std::string base = folder_ + "ggml-vocab-" + name() + ".gguf";
  const std::string inputs = read_text(base + ".inp");
  std::istringstream outputs(read_text(base + ".out"));
  const std::string separator = "\n__ggml_vocab_test__\n";
  int compared = 0;
  for (std::size_t begin = 0; begin != std::string::npos;) {
    const std::size_t end = inputs.find(separator, begin);
    const std::string text = inputs.substr(begin, end == std::string::npos ? end : end - begin);
    begin = end == std::string::npos ? end : end + separator.size();
    std::string line;
    std::getline(outputs, line);  // the last input is empty, and so is its line, which the file lacks
    std::istringstream numbers(line);
    const Ids wanted{std::istream_iterator<TokenId>(numbers), {}};
    EXPECT_EQ(tokenizer_->encode(text, {.adds_special = false}).value(), wanted) << text;
    ++compared;
  }
  EXPECT_EQ(compared, 47);
}

std::vector<Case> cases() {
  std::vector<Case> list;
  for (const char* vocabulary : {"gpt-2", "llama-bpe", "qwen2", "llama-spm", "phi-3", "bert-bge"}) {
    list.push_back({vocabulary, false});
    list.push_back({vocabulary, true});
  }
  return list;
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, GoldenVectors, ::testing::ValuesIn(cases()), [](const auto& parameter) {
  std::string name = parameter.param.vocabulary + (parameter.param.is_json ? "_json" : "");
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(GoldenVocabularies, those_of_all_models_load) {
  const auto folder = reference_folder();
  if (!folder.has_value()) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  int made_tokenizers = 0;
  for (const char* models : {"../arch", "../real", "../../real"}) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(*folder + models)) {
      if (entry.path().extension() != ".gguf") continue;
      const auto file = formats::open_checkpoint(entry.path());
      ASSERT_TRUE(file.is_ok()) << file.error().message;
      Vocabulary vocabulary = vocabulary_of(*file);
      const std::string model = vocabulary.model;
      const auto made = make_tokenizer(std::move(vocabulary));
      ASSERT_TRUE(made.is_ok()) << entry.path() << made.error().message;
      ++made_tokenizers;
      // BERT changes the text.  Some cut-down vocabularies have no space mark, and spell it in bytes.
      if (model == "bert" || (model == "llama" && !(*made)->find("\xE2\x96\x81").has_value())) continue;
      const std::string text = "Once upon a time, in 1999.";
      EXPECT_EQ((*made)->decode((*made)->encode(text, {}).value(), false), text) << entry.path();
    }
  }
  EXPECT_GT(made_tokenizers, 20);
}

TEST(GoldenVocabularies, broken_ones_are_refused) {
  const auto folder = reference_folder();
  if (!folder.has_value()) GTEST_SKIP() << "SIXFOLD_TESTDATA is not set";
  for (const char* name : {"vocab_scores_short", "vocab_model_unknown"}) {
    const auto file = formats::open_checkpoint(*folder + "../corrupt/" + name + ".gguf");
    ASSERT_TRUE(file.is_ok()) << file.error().message;
    EXPECT_FALSE(make_tokenizer(vocabulary_of(*file)).is_ok()) << name;
  }
}

}  // namespace
}  // namespace sixfold::tokenizer
