// tokenizer.json files with a field missing, of the wrong type or out of range: the error names it, and whatever is not
// refused can be used.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/limits.h"
#include "tokenizer/huggingface_files.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<std::string_view>& good_files() {
  static const std::vector<std::string_view> kFiles = {kBpeFile, kUnigramFile, kWordPieceFile, kWordLevelFile};
  return kFiles;
}

std::string error_of(std::string text) {
  const auto made = read_file(std::move(text));
  return made.is_ok() ? "accepted" : made.error().message;
}

// One change to a good file.
struct Change {
  std::string pointer;
  std::string value;  // JSON; null counts as absent
  std::string error;
};

void check_changes(std::string_view good, const std::vector<Change>& changes) {
  ASSERT_EQ(error_of(std::string(good)), "accepted");
  for (const Change& change : changes) {
    json::value file = json::parse(good);
    place_of(file, change.pointer) = json::parse(change.value);
    const std::string error = error_of(json::serialize(file));
    EXPECT_THAT(error, StartsWith("tokenizer.json: ")) << change.pointer << " = " << change.value;
    EXPECT_THAT(error, HasSubstr(change.error)) << change.pointer << " = " << change.value;
  }
}

TEST(HuggingFaceFields, of_the_file) {
  check_changes(kBpeFile, {{"", "[]", "tokenizer.json: want an object, got an array"},
                           {"/model", "null", "want a field \"model\""},
                           {"/model", "7", "model: want an object, got a number"},
                           {"/normalizer", "7", "normalizer: want an object, got a number"},
                           {"/pre_tokenizer", "\"x\"", "pre_tokenizer: want an object, got a string"},
                           {"/post_processor", "[]", "post_processor: want an object, got an array"},
                           {"/decoder", "true", "decoder: want an object, got a boolean"}});
}

TEST(HuggingFaceFields, of_added_tokens) {
  const std::string long_text = "\"" + std::string(limits::kSpecialTokenBytesMax + 1, 'x') + "\"";
  check_changes(kBpeFile,
                {{"/added_tokens", "{}", "added_tokens: want an array, got an object"},
                 {"/added_tokens/0", "5", "added_tokens[0]: want an object, got a number"},
                 {"/added_tokens/0/id", "null", "added_tokens[0]: want a field \"id\""},
                 {"/added_tokens/0/id", "\"0\"", "added_tokens[0].id: want a number, got a string"},
                 {"/added_tokens/0/id", "-1", "added_tokens[0].id: want a whole number that is not negative"},
                 {"/added_tokens/0/id", "0.5", "added_tokens[0].id: want a whole number that is not negative"},
                 {"/added_tokens/0/id", "4194304", "added_tokens[0].id: want an id below 4194304, got 4194304"},
                 {"/added_tokens/0/id", "18446744073709551615", "want an id below 4194304"},
                 {"/added_tokens/0/id", "1", "added_tokens: id 1 is \"a\" in the model, got \"<s>\""},
                 {"/added_tokens/0/content", "null", "added_tokens[0]: want a field \"content\""},
                 {"/added_tokens/0/content", "5", "added_tokens[0].content: want a string, got a number"},
                 {"/added_tokens/0/content", long_text, "added_tokens[0]: want at most 512 bytes, got 513"},
                 {"/added_tokens/0/special", "1", "added_tokens[0].special: want a boolean, got a number"},
                 {"/added_tokens/0/normalized", "\"\"", "added_tokens[0].normalized: want a boolean"},
                 {"/added_tokens/0/lstrip", "[]", "added_tokens[0].lstrip: want a boolean, got an array"},
                 {"/added_tokens/0/rstrip", "{}", "added_tokens[0].rstrip: want a boolean, got an object"},
                 {"/added_tokens/0/single_word", "0", "added_tokens[0].single_word: want a boolean"}});
}

TEST(HuggingFaceFields, of_normalizers) {
  const std::string at = "/normalizer/normalizers/";
  const std::string path = "normalizer.normalizers";
  std::string many = "[";
  for (std::size_t i = 0; i <= limits::kTokenizerStagesMax; ++i) many += R"({"type":"NFC"},)";
  many.back() = ']';
  check_changes(kBpeFile,
                {{"/normalizer/type", "null", "normalizer: want a field \"type\""},
                 {"/normalizer/type", "\"NFX\"", "normalizer: want one of Sequence, NFC,"},
                 {"/normalizer/normalizers", "null", "normalizer: want a field \"normalizers\""},
                 {"/normalizer/normalizers", "{}", path + ": want an array, got an object"},
                 {"/normalizer/normalizers", many, path + ": too many stages"},
                 {at + "0", "\"NFC\"", path + "[0]: want an object, got a string"},
                 {at + "0/prepend", "null", path + "[0]: want a field \"prepend\""},
                 {at + "0/prepend", "5", path + "[0].prepend: want a string, got a number"},
                 {at + "1/pattern", "null", path + "[1]: want a field \"pattern\""},
                 {at + "1/pattern", "\" \"", path + "[1].pattern: want an object, got a string"},
                 {at + "1/pattern", "{}", path + "[1].pattern: want a field \"Regex\""},
                 {at + "1/pattern/String", "5", path + "[1].pattern.String: want a string, got a number"},
                 {at + "1/content", "null", path + "[1]: want a field \"content\""},
                 {at + "1/content", "[]", path + "[1].content: want a string, got an array"},
                 {at + "2/pattern/Regex", "\"(\"", path + "[2].pattern: pattern "},
                 {at + "2/pattern/Regex", "5", path + "[2].pattern.Regex: want a string, got a number"},
                 {at + "3/strip_left", "1", path + "[3].strip_left: want a boolean, got a number"},
                 {at + "3/strip_right", "\"\"", path + "[3].strip_right: want a boolean, got a string"},
                 {at + "4/clean_text", "1", path + "[4].clean_text: want a boolean, got a number"},
                 {at + "4/handle_chinese_chars", "1", path + "[4].handle_chinese_chars: want a boolean"},
                 {at + "4/strip_accents", "1", path + "[4].strip_accents: want a boolean, got a number"},
                 {at + "4/lowercase", "1", path + "[4].lowercase: want a boolean, got a number"},
                 {at + "5/precompiled_charsmap", "5", path + "[5].precompiled_charsmap: want a string, got a number"},
                 {at + "5/precompiled_charsmap", "\"CAA\"", path + "[5]: precompiled_charsmap: want base64"},
                 {at + "5/precompiled_charsmap", "\"CA!A\"", path + "[5]: precompiled_charsmap: want base64"},
                 {at + "5/precompiled_charsmap", "\"CAAA\"", path + "[5]: charsmap: want 4 bytes or more, got 3"},
                 {at + "5/precompiled_charsmap", "\"/wAAAA==\"", path + "[5]: charsmap: array:"}});
}

TEST(HuggingFaceFields, of_pre_tokenizers) {
  const std::string at = "/pre_tokenizer/pretokenizers/";
  const std::string path = "pre_tokenizer.pretokenizers";
  check_changes(kBpeFile,
                {{"/pre_tokenizer/type", "null", "pre_tokenizer: want a field \"type\""},
                 {"/pre_tokenizer/type", "\"Words\"", "pre_tokenizer: want one of Sequence, ByteLevel,"},
                 {"/pre_tokenizer/pretokenizers", "null", "pre_tokenizer: want a field \"pretokenizers\""},
                 {"/pre_tokenizer/pretokenizers", "5", path + ": want an array, got a number"},
                 {at + "0/add_prefix_space", "1", path + "[0].add_prefix_space: want a boolean, got a number"},
                 {at + "0/use_regex", "1", path + "[0].use_regex: want a boolean, got a number"},
                 {at + "1/replacement", "5", path + "[1].replacement: want a string, got a number"},
                 {at + "1/replacement", "\"\"", path + "[1]: replacement: want one character"},
                 {at + "1/replacement", "\"__\"", path + "[1]: replacement: want one character"},
                 {at + "1/prepend_scheme", "\"last\"", path + "[1]: prepend_scheme: want one of always, first, never"},
                 {at + "1/prepend_scheme", "5", path + "[1].prepend_scheme: want a string, got a number"},
                 {at + "1/add_prefix_space", "5", path + "[1].add_prefix_space: want a boolean, got a number"},
                 {at + "1/split", "1", path + "[1].split: want a boolean, got a number"},
                 {at + "2/pattern", "null", path + "[2]: want a field \"pattern\""},
                 {at + "2/pattern", "{\"Regex\": \"[\"}", path + "[2].pattern: pattern "},
                 {at + "2/behavior", "\"Gone\"", path + "[2].behavior: want one of Removed, Isolated,"},
                 {at + "2/behavior", "5", path + "[2].behavior: want a string, got a number"},
                 {at + "2/invert", "5", path + "[2].invert: want a boolean, got a number"},
                 {at + "3/delimiter", "null", path + "[3]: want a field \"delimiter\""},
                 {at + "3/delimiter", "\"\"", path + "[3]: delimiter: want one character"},
                 {at + "3/delimiter", "\"ab\"", path + "[3]: delimiter: want one character"},
                 {at + "4/behavior", "\"Gone\"", path + "[4].behavior: want one of Removed, Isolated,"},
                 {at + "5/individual_digits", "1", path + "[5].individual_digits: want a boolean, got a number"}});
}

TEST(HuggingFaceFields, of_byte_pair_models) {
  check_changes(kBpeFile,
                {{"/model/type", "\"Pairs\"", "model: want one of BPE, Unigram, WordPiece, WordLevel, got \"Pairs\""},
                 {"/model/type", "5", "model.type: want a string, got a number"},
                 {"/model/vocab", "null", "model: want a field \"vocab\""},
                 {"/model/vocab", "\"x\"", "model.vocab: want an object, got a string"},
                 {"/model/vocab/a", "-1", "model.vocab: want ids that are not negative numbers"},
                 {"/model/vocab/a", "\"1\"", "model.vocab: want ids that are not negative numbers"},
                 {"/model/vocab/a", "1.5", "model.vocab: want ids that are not negative numbers"},
                 {"/model/vocab/a", "4194304", "model.vocab: want ids below 4194304, got 4194304"},
                 {"/model/vocab/a", "18446744073709551615", "model.vocab: want ids"},
                 {"/model/vocab/a", "2", "model.vocab: two tokens have the id 2"},
                 {"/model/merges", "null", "model: want a field \"merges\""},
                 {"/model/merges", "{}", "model.merges: want an array, got an object"},
                 {"/model/merges/0", "5", "model.merges[0]: want two tokens and a space"},
                 {"/model/merges/0", "\"ab\"", "model.merges[0]: want two tokens"},
                 {"/model/merges/0", "\"a b a\"", "model.merges[0]: want two tokens"},
                 {"/model/merges/1", "[\"a\"]", "model.merges[1]: want two tokens"},
                 {"/model/merges/1", "[\"a\", 5]", "model.merges[1]: want two tokens"},
                 {"/model/merges/1", "[\"a\", \"b\", \"a\"]", "model.merges[1]: want two tokens"},
                 {"/model/merges/0", "\"a x\"", "model.merges[0]: want parts and result among the tokens"},
                 {"/model/merges/0", "\"b a\"", "model.merges[0]: want parts and result among the tokens"},
                 {"/model/unk_token", "5", "model.unk_token: want a string, got a number"},
                 {"/model/fuse_unk", "1", "model.fuse_unk: want a boolean, got a number"},
                 {"/model/byte_fallback", "1", "model.byte_fallback: want a boolean, got a number"},
                 {"/model/ignore_merges", "1", "model.ignore_merges: want a boolean, got a number"},
                 {"/model/continuing_subword_prefix", "5", "model.continuing_subword_prefix: want a string"},
                 {"/model/end_of_word_suffix", "5", "model.end_of_word_suffix: want a string"}});
}

TEST(HuggingFaceFields, of_unigram_models) {
  check_changes(kUnigramFile, {{"/model/vocab", "{\"a\": 0}", "model.vocab: want an array, got an object"},
                               {"/model/vocab/1", "5", "model.vocab[1]: want an array, got a number"},
                               {"/model/vocab/1", "[]", "model.vocab[1]: want a text and a score"},
                               {"/model/vocab/1", "[\"a\"]", "model.vocab[1]: want a text and a score"},
                               {"/model/vocab/1", "[\"a\", -1, 0]", "model.vocab[1]: want a text and a score"},
                               {"/model/vocab/1", "[\"a\", \"b\"]", "model.vocab[1]: want a text and a score"},
                               {"/model/vocab/1", "[5, -1]", "model.vocab[1][0]: want a string, got a number"},
                               {"/model/unk_id", "-1", "model.unk_id: want a whole number that is not negative"},
                               {"/model/unk_id", "\"0\"", "model.unk_id: want a number, got a string"},
                               {"/model/unk_id", "3", "model.unk_id: want an id below 3, got 3"},
                               {"/model/byte_fallback", "1", "model.byte_fallback: want a boolean, got a number"}});
  // JSON has no infinity, but numbers that are read as one.
  const std::string infinite = R"({"model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0], ["a", -1e999]]}})";
  EXPECT_THAT(error_of(infinite), HasSubstr("model.vocab[1]: want a score that is a finite number"));
}

TEST(HuggingFaceFields, of_word_models) {
  check_changes(kWordPieceFile,
                {{"/model/vocab", "\"x\"", "model.vocab: want an object, got a string"},
                 {"/model/unk_token", "5", "model.unk_token: want a string, got a number"},
                 {"/model/continuing_subword_prefix", "5", "model.continuing_subword_prefix: want a string"},
                 {"/model/max_input_chars_per_word", "\"9\"", "max_input_chars_per_word: want a number"},
                 {"/model/max_input_chars_per_word", "-1", "want a whole number that is not negative"},
                 {"/model/max_input_chars_per_word", "1.5", "want a whole number that is not negative"}});
  check_changes(kWordLevelFile, {{"/model/unk_token", "5", "model.unk_token: want a string, got a number"},
                                 {"/model/vocab", "5", "model.vocab: want an object, got a number"}});
}

TEST(HuggingFaceFields, of_templates) {
  const std::string at = "/post_processor/processors/1/";
  const std::string path = "post_processor.processors[1]";
  check_changes(
      kBpeFile,
      {{"/post_processor/type", "null", "post_processor: want a field \"type\""},
       {"/post_processor/type", "\"Wrap\"", "post_processor: want one of TemplateProcessing, BertProcessing,"},
       {"/post_processor/processors", "null", "post_processor: want a field \"processors\""},
       {"/post_processor/processors", "{}", "post_processor.processors: want an array, got an object"},
       {at + "single", "null", path + ": want a field \"single\""},
       {at + "single", "{}", path + ".single: want an array, got an object"},
       {at + "single", "[]", path + ".single: want the text A, once"},
       {at + "single/0", "5", path + ".single[0]: want an object, got a number"},
       {at + "single/0", "{}", path + ".single[0]: want a field \"Sequence\""},
       {at + "single/1/Sequence/id", "\"B\"", path + ".single: want the text A, once"},
       {at + "single/1/Sequence/id", "\"C\"", path + ".single[1].Sequence: want the text A or B, got \"C\""},
       {at + "single/1/Sequence/id", "null", path + ".single[1].Sequence: want a field \"id\""},
       {at + "single/1/Sequence/type_id", "\"0\"", path + ".single[1].Sequence.type_id: want a number"},
       {at + "single/1/Sequence/type_id", "-1", path + ".single[1].Sequence.type_id: want a whole number"},
       {at + "single/0", R"({"Sequence": {"id": "A"}})", path + ".single: want the text A, once"},
       {at + "single/0/SpecialToken/id", "\"t\"", path + ".special_tokens: want a field \"t\""},
       {at + "single/0/SpecialToken/id", "5", path + ".single[0].SpecialToken.id: want a string, got a number"},
       {at + "special_tokens", "null", path + ": want a field \"special_tokens\""},
       {at + "special_tokens", "[]", path + ".special_tokens: want an object, got an array"},
       {at + "special_tokens/s", "5", path + ".special_tokens.s: want an object, got a number"},
       {at + "special_tokens/s/ids", "null", path + ".special_tokens.s: want a field \"ids\""},
       {at + "special_tokens/s/ids", "5", path + ".special_tokens.s.ids: want an array, got a number"},
       {at + "special_tokens/s/ids/0", "\"0\"", path + ".special_tokens.s.ids[0]: want a number, got a string"},
       {at + "special_tokens/s/ids/0", "5", path + ".special_tokens.s.ids[0]: want an id below 5, got 5"},
       {at + "special_tokens/s/ids/0", "-1", path + ".special_tokens.s.ids[0]: want a whole number"},
       {at + "pair", "{}", path + ".pair: want an array, got an object"},
       {at + "pair/0", "5", path + ".pair[0]: want an object, got a number"},
       {at + "pair/2/SpecialToken/type_id", "true", path + ".pair[2].SpecialToken.type_id: want a number"}});
  check_changes(kWordPieceFile,
                {{"/post_processor/cls", "null", "post_processor: want a field \"cls\""},
                 {"/post_processor/cls", "5", "post_processor.cls: want an array, got a number"},
                 {"/post_processor/cls", "[\"[CLS]\"]", "post_processor.cls: want a text and an id"},
                 {"/post_processor/cls/1", "\"1\"", "post_processor.cls[1]: want a number, got a string"},
                 {"/post_processor/sep", "null", "post_processor: want a field \"sep\""},
                 {"/post_processor/sep/1", "5", "post_processor.sep[1]: want an id below 5, got 5"}});
}

TEST(HuggingFaceFields, of_decoders) {
  const std::string at = "/decoder/decoders/";
  const std::string path = "decoder.decoders";
  check_changes(kBpeFile, {{"/decoder/type", "null", "decoder: want a field \"type\""},
                           {"/decoder/type", "\"Join\"", "decoder: want one of Sequence, ByteLevel,"},
                           {"/decoder/decoders", "null", "decoder: want a field \"decoders\""},
                           {"/decoder/decoders", "5", path + ": want an array, got a number"},
                           {at + "0/pattern", "null", path + "[0]: want a field \"pattern\""},
                           {at + "0/content", "5", path + "[0].content: want a string, got a number"},
                           {at + "1/content", "\"\"", path + "[1]: content: want a character"},
                           {at + "1/content", "5", path + "[1].content: want a string, got a number"},
                           {at + "1/start", "-1", path + "[1].start: want a whole number that is not negative"},
                           {at + "1/stop", "\"0\"", path + "[1].stop: want a number, got a string"},
                           {at + "2/replacement", "\"\"", path + "[2]: replacement: want a character"},
                           {at + "2/prepend_scheme", "\"last\"", path + "[2]: prepend_scheme: want one of always"},
                           {at + "3/prefix", "5", path + "[3].prefix: want a string, got a number"},
                           {at + "3/cleanup", "5", path + "[3].cleanup: want a boolean, got a number"},
                           {at + "4/suffix", "5", path + "[4].suffix: want a string, got a number"}});
}

// A tokenizer that was made can be used, whatever its file looked like.
void use(const Tokenizer& tokenizer) {
  for (const std::string_view text : {"", "ab <s> caf\u00e9-12!", "_aabb\n"}) {
    const auto ids = tokenizer.encode(text, {.adds_special = true, .parses_special = true});
    if (!ids.is_ok()) continue;
    for (const TokenId id : *ids) EXPECT_LT(static_cast<std::size_t>(id), tokenizer.size());
    static_cast<void>(tokenizer.decode(*ids, true));
  }
}

// Puts `values` in the place of every value of the file, one at a time.
void replace_each(const json::value& file, const std::string& pointer, const json::value& part,
                  const std::vector<json::value>& values, int& refused, int& made) {
  for (const json::value& value : values) {
    json::value changed = file;
    place_of(changed, pointer) = value;
    const auto tokenizer = read_file(json::serialize(changed));
    ++(tokenizer.is_ok() ? made : refused);
    if (tokenizer.is_ok()) {
      use(**tokenizer);
    } else {
      EXPECT_FALSE(tokenizer.error().message.empty()) << pointer;
    }
  }
  if (part.is_object()) {
    for (const auto& [key, inner] : part.get_object()) {
      const std::string name(key);
      if (name.find('/') == std::string::npos) replace_each(file, pointer + "/" + name, inner, values, refused, made);
    }
  }
  for (std::size_t i = 0; part.is_array() && i < part.get_array().size(); ++i) {
    replace_each(file, pointer + "/" + std::to_string(i), part.get_array()[i], values, refused, made);
  }
}

TEST(HuggingFaceFields, of_any_other_type_or_range_are_refused_or_harmless) {
  const std::vector<json::value> values = {
      nullptr, true, -1, 0, std::uint64_t{1} << 63, 1e300, "", "x\u00e9", json::array(), json::object()};
  int refused = 0;
  int made = 0;
  for (const std::string_view good : good_files()) {
    const json::value file = json::parse(good);
    replace_each(file, "", file, values, refused, made);
  }
  EXPECT_GT(refused, 500);
  EXPECT_GT(made, 100);
}

TEST(HuggingFaceFields, files_that_end_early_are_refused) {
  for (const std::string_view good : good_files()) {
    for (std::size_t bytes = 1; bytes < good.size(); ++bytes) {
      EXPECT_THAT(error_of(std::string(good.substr(0, bytes))), HasSubstr("tokenizer.json: want JSON")) << bytes;
    }
  }
}

TEST(HuggingFaceFields, nothing_may_follow_the_file) {
  EXPECT_THAT(error_of(std::string(kWordLevelFile) + "{}"), HasSubstr("tokenizer.json: want JSON"));
  EXPECT_THAT(error_of(std::string(40, '[')), HasSubstr("tokenizer.json: want JSON"));
}

}  // namespace
}  // namespace sixfold::tokenizer
