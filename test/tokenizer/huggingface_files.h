// Small tokenizer.json files, one of each kind of model, and how to change a field of one.
#pragma once
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {

inline constexpr std::string_view kBpeFile = R"({
  "added_tokens": [{"id": 0, "content": "<s>", "special": true, "normalized": false, "lstrip": false, "rstrip": false,
                    "single_word": false}],
  "normalizer": {"type": "Sequence", "normalizers": [
    {"type": "Prepend", "prepend": "_"},
    {"type": "Replace", "pattern": {"String": " "}, "content": "_"},
    {"type": "Replace", "pattern": {"Regex": "b+"}, "content": "b"},
    {"type": "Strip", "strip_left": true, "strip_right": true},
    {"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null,
     "lowercase": true},
    {"type": "Precompiled", "precompiled_charsmap": "CAAAAAAAAAAAAAAAYQA="}]},
  "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
    {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
    {"type": "Metaspace", "replacement": "_", "prepend_scheme": "first", "split": true},
    {"type": "Split", "pattern": {"String": "c"}, "behavior": "Isolated", "invert": false},
    {"type": "CharDelimiterSplit", "delimiter": "-"},
    {"type": "Punctuation", "behavior": "Isolated"},
    {"type": "Digits", "individual_digits": true}]},
  "post_processor": {"type": "Sequence", "processors": [
    {"type": "ByteLevel"},
    {"type": "TemplateProcessing",
     "single": [{"SpecialToken": {"id": "s", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
     "pair": [{"SpecialToken": {"id": "s", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "s", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}],
     "special_tokens": {"s": {"id": "s", "ids": [0, 1], "tokens": ["<s>", "a"]}}}]},
  "decoder": {"type": "Sequence", "decoders": [
    {"type": "Replace", "pattern": {"String": "_"}, "content": " "},
    {"type": "Strip", "content": " ", "start": 1, "stop": 0},
    {"type": "Metaspace", "replacement": "_", "prepend_scheme": "always"},
    {"type": "WordPiece", "prefix": "##", "cleanup": true},
    {"type": "BPEDecoder", "suffix": "</w>"}]},
  "model": {"type": "BPE", "unk_token": "<s>", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "vocab": {"<s>": 0, "a": 1, "b": 2, "ab": 3, "_": 4}, "merges": ["a b", ["a", "b"]]}})";

inline constexpr std::string_view kUnigramFile = R"({
  "post_processor": {"type": "RobertaProcessing", "cls": ["a", 1], "sep": ["b", 2]},
  "model": {"type": "Unigram", "unk_id": 0, "byte_fallback": false, "vocab": [["<unk>", 0], ["a", -1], ["b", -2.5]]}})";

inline constexpr std::string_view kWordPieceFile = R"({
  "post_processor": {"type": "BertProcessing", "cls": ["[CLS]", 1], "sep": ["[SEP]", 2]},
  "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": {"[UNK]": 0, "[CLS]": 1, "[SEP]": 2, "a": 3, "##b": 4}}})";

inline constexpr std::string_view kWordLevelFile =
    R"({"model": {"type": "WordLevel", "unk_token": "[UNK]", "vocab": {"[UNK]": 0, "a": 1}}})";

inline Result<std::unique_ptr<Tokenizer>> read_file(std::string text) {
  Vocabulary vocabulary;
  vocabulary.huggingface_json = std::move(text);
  return make_tokenizer(std::move(vocabulary));
}

// The place that a JSON pointer (RFC 6901) names; its last part may be a field that is not there yet.
inline boost::json::value& place_of(boost::json::value& file, std::string_view pointer) {
  boost::json::value* at = &file;
  while (!pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string part(pointer.substr(0, pointer.find('/')));
    pointer.remove_prefix(part.size());
    at = at->is_array() ? &at->get_array().at(std::stoul(part)) : &at->as_object()[part];
  }
  return *at;
}

}  // namespace sixfold::tokenizer
