// tokenizer.json files made of GGUF vocabularies, so that one tokenizer can be read in both ways.
#pragma once
#include <algorithm>
#include <boost/json.hpp>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/utf8.h"
#include "tokenizer/pretokenizer_list.h"
#include "tokenizer/sentencepiece_text.h"
#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

namespace huggingface {

namespace json = boost::json;

inline json::value sequence_of(std::string_view key, json::array stages) {
  return {{"type", "Sequence"}, {key, std::move(stages)}};
}

inline TokenKind kind_of(const Vocabulary& vocabulary, std::size_t id) {
  return vocabulary.kinds.empty() ? TokenKind::kNormal : vocabulary.kinds[id];
}

inline json::array added_tokens_of(const Vocabulary& vocabulary) {
  json::array added;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const TokenKind kind = kind_of(vocabulary, id);
    if (kind != TokenKind::kControl && kind != TokenKind::kUserDefined && kind != TokenKind::kUnknown) continue;
    added.push_back(json::object{{"id", id},
                                 {"content", vocabulary.tokens[id]},
                                 {"special", kind != TokenKind::kUserDefined},
                                 {"normalized", false}});
  }
  return added;
}

// [bos] text
inline json::value template_of(const Vocabulary& vocabulary) {
  json::array single;
  if (vocabulary.adds_bos.value_or(true))
    single.push_back(json::object{{"SpecialToken", {{"id", "bos"}, {"type_id", 0}}}});
  single.push_back(json::object{{"Sequence", {{"id", "A"}, {"type_id", 0}}}});
  json::object table;
  table["bos"] = {{"id", "bos"}, {"ids", json::array{*vocabulary.bos}}};
  return {{"type", "TemplateProcessing"}, {"single", std::move(single)}, {"special_tokens", std::move(table)}};
}

inline json::object byte_level_of(const Vocabulary& vocabulary) {
  const PretokenizerInfo& info = *find_pretokenizer(vocabulary.pretokenizer);
  json::array cuts;
  for (const std::string_view pattern : info.patterns) {
    cuts.push_back(json::object{{"type", "Split"}, {"pattern", {{"Regex", pattern}}}, {"behavior", "Isolated"}});
  }
  const json::value bytes = {{"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  cuts.push_back(bytes);
  json::object texts;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (kind_of(vocabulary, id) == TokenKind::kNormal) texts[vocabulary.tokens[id]] = id;
  }
  json::array merges;
  for (const std::string_view merge : vocabulary.merges) merges.push_back(json::value(merge));
  json::object file;
  file["pre_tokenizer"] = sequence_of("pretokenizers", std::move(cuts));
  file["model"] = {{"type", "BPE"},
                   {"ignore_merges", info.ignores_merges},
                   {"vocab", std::move(texts)},
                   {"merges", std::move(merges)}};
  file["decoder"] = bytes;
  if (vocabulary.adds_bos.value_or(info.adds_bos)) file["post_processor"] = template_of(vocabulary);
  return file;
}

// Every way to make a token of two others, the best token first: what SentencePiece's scores ask for.  Of the ways to
// one token, that with the longest left part comes first, as transformers' converter orders them.
inline json::array merges_by_score(const Vocabulary& vocabulary) {
  struct Merge {
    float score;
    std::string_view left, right;
  };
  std::unordered_map<std::string_view, std::size_t> ids;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (kind_of(vocabulary, id) == TokenKind::kNormal) ids.emplace(vocabulary.tokens[id], id);
  }
  std::vector<Merge> merges;
  for (const auto& [text, id] : ids) {
    for (std::size_t at = read_utf8(text).bytes; at < text.size(); at += read_utf8(text.substr(at)).bytes) {
      const Merge merge = {vocabulary.scores[id], text.substr(0, at), text.substr(at)};
      if (ids.contains(merge.left) && ids.contains(merge.right)) merges.push_back(merge);
    }
  }
  std::sort(merges.begin(), merges.end(), [](const Merge& a, const Merge& b) {
    return std::tuple(-a.score, b.left.size(), a.left) < std::tuple(-b.score, a.left.size(), b.left);
  });
  json::array list;
  for (const Merge& merge : merges) list.push_back(json::array{merge.left, merge.right});
  return list;
}

inline json::object sentencepiece_of(const Vocabulary& vocabulary) {
  json::object texts;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    if (kind_of(vocabulary, id) != TokenKind::kUserDefined) texts[vocabulary.tokens[id]] = id;
  }
  const auto replace = [](std::string_view from, std::string_view to) {
    return json::value{{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
  };
  json::object file;
  file["normalizer"] =
      sequence_of("normalizers", {{{"type", "Prepend"}, {"prepend", kSpaceMark}}, replace(" ", kSpaceMark)});
  file["model"] = {{"type", "BPE"},
                   {"unk_token", vocabulary.tokens[static_cast<std::size_t>(*vocabulary.unknown)]},
                   {"fuse_unk", true},
                   {"byte_fallback", true},
                   {"vocab", std::move(texts)},
                   {"merges", merges_by_score(vocabulary)}};
  file["decoder"] = sequence_of("decoders", {replace(kSpaceMark, " "),
                                             {{"type", "ByteFallback"}},
                                             {{"type", "Fuse"}},
                                             {{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}}});
  file["post_processor"] = template_of(vocabulary);
  return file;
}

inline json::object word_piece_of(const Vocabulary& vocabulary) {
  json::object texts;
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    std::string text(vocabulary.tokens[id]);
    if (text.starts_with(kSpaceMark)) {
      text.erase(0, kSpaceMark.size());
    } else if (kind_of(vocabulary, id) == TokenKind::kNormal) {
      text.insert(0, "##");
    }
    texts[text] = id;
  }
  json::object file;
  file["normalizer"] = {{"type", "BertNormalizer"}};
  file["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
  file["post_processor"] = {{"type", "BertProcessing"},
                            {"cls", json::array{"[CLS]", texts.at("[CLS]")}},
                            {"sep", json::array{"[SEP]", texts.at("[SEP]")}}};
  file["decoder"] = {{"type", "WordPiece"}, {"prefix", "##"}, {"cleanup", false}};
  file["model"] = {{"type", "WordPiece"}, {"vocab", std::move(texts)}};
  return file;
}

}  // namespace huggingface

// vocabulary: "gpt2", "llama" or "bert".
inline std::string huggingface_json_of(const Vocabulary& vocabulary) {
  boost::json::object file = vocabulary.model == "gpt2"    ? huggingface::byte_level_of(vocabulary)
                             : vocabulary.model == "llama" ? huggingface::sentencepiece_of(vocabulary)
                                                           : huggingface::word_piece_of(vocabulary);
  file["version"] = "1.0";
  file["added_tokens"] = huggingface::added_tokens_of(vocabulary);
  return boost::json::serialize(file);
}

}  // namespace sixfold::tokenizer
