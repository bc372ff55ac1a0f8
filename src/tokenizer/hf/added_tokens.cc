// Scans the text once; only bytes that begin some token are looked at closely.
#include "tokenizer/hf/added_tokens.h"

#include <algorithm>
#include <utility>

#include "core/limits.h"
#include "core/utf8.h"
#include "tokenizer/unicode.h"

namespace sixfold::tokenizer::hf {
namespace {

bool ends_in_word(std::string_view text) {
  return !text.empty() && is_word_character(read_utf8(text.substr(last_character(text))).code_point);
}

bool begins_in_word(std::string_view text) {
  return !text.empty() && is_word_character(read_utf8(text).code_point);
}

// Bytes of white space at the end.
std::size_t space_behind(std::string_view text) {
  std::size_t end = text.size();
  while (end > 0) {
    const std::size_t begin = last_character(text.substr(0, end));
    if (!is_white_space(read_utf8(text.substr(begin)).code_point)) break;
    end = begin;
  }
  return text.size() - end;
}

// Bytes of white space at the beginning.
std::size_t space_in_front(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const Utf8Step step = read_utf8(text.substr(at));
    if (!is_white_space(step.code_point)) break;
    at += step.bytes;
  }
  return at;
}

}  // namespace

Result<std::vector<AddedToken>> read_added_tokens(const JsonNode& document) {
  std::vector<AddedToken> tokens;
  const auto list = document.find("added_tokens");
  if (!list.has_value()) return tokens;
  SIXFOLD_TRY(const boost::json::array* array, list->array());
  for (std::size_t i = 0; i < array->size(); ++i) {
    const JsonNode node = list->element(i);
    AddedToken token;
    SIXFOLD_TRY(token.text, node.string("content"));
    SIXFOLD_TRY(const JsonNode id, node.get("id"));
    SIXFOLD_TRY(const std::uint64_t number, id.count());
    if (number >= limits::kVocabularyMax) {
      return id.error(fmt::format("want an id below {}, got {}", limits::kVocabularyMax, number));
    }
    if (token.text.size() > limits::kSpecialTokenBytesMax) {
      return node.error(fmt::format("want at most {} bytes, got {}", limits::kSpecialTokenBytesMax, token.text.size()));
    }
    token.token = static_cast<TokenId>(number);
    SIXFOLD_TRY(token.is_special, node.flag_or("special", false));
    SIXFOLD_TRY(token.is_normalized, node.flag_or("normalized", !token.is_special));
    SIXFOLD_TRY(token.takes_left_space, node.flag_or("lstrip", false));
    SIXFOLD_TRY(token.takes_right_space, node.flag_or("rstrip", false));
    SIXFOLD_TRY(token.is_single_word, node.flag_or("single_word", false));
    if (!token.text.empty()) tokens.push_back(std::move(token));
  }
  return tokens;
}

AddedTokenFinder::AddedTokenFinder(std::vector<AddedToken> tokens) : tokens_(std::move(tokens)) {
  std::vector<PrefixTrie::Entry> entries;
  for (const AddedToken& token : tokens_) {
    if (token.text.empty()) continue;  // nothing is left of it when it is normalized
    entries.push_back({token.text, static_cast<TokenId>(&token - tokens_.data())});
    begins_[static_cast<unsigned char>(token.text[0])] = true;
  }
  trie_ = PrefixTrie(std::move(entries));
}

std::int32_t AddedTokenFinder::longest_at(std::string_view text, std::size_t at, bool takes_special) const {
  std::int32_t found = -1;
  trie_.for_each_prefix(text.substr(at), [&](const PrefixTrie::Match& match) {
    if (takes_special || !tokens_[static_cast<std::size_t>(match.token)].is_special) found = match.token;
  });
  return found;
}

std::vector<TextPart> AddedTokenFinder::split(std::string_view text, bool takes_special) const {
  std::vector<TextPart> parts;
  std::size_t begin = 0;  // of the text part being read
  for (std::size_t at = 0; at < text.size();) {
    const std::int32_t index =
        begins_[static_cast<unsigned char>(text[at])] ? longest_at(text, at, takes_special) : std::int32_t{-1};
    if (index < 0) {
      ++at;
      continue;
    }
    const AddedToken& token = tokens_[static_cast<std::size_t>(index)];
    std::size_t first = at;
    std::size_t last = at + token.text.size();
    at = last;
    if (token.is_single_word && (ends_in_word(text.substr(0, first)) || begins_in_word(text.substr(last)))) continue;
    if (token.takes_left_space) first -= space_behind(text.substr(begin, first - begin));
    if (token.takes_right_space) last += space_in_front(text.substr(last));
    if (first > begin) parts.push_back({text.substr(begin, first - begin), std::nullopt});
    parts.push_back({text.substr(first, last - first), token.token});
    at = begin = last;
  }
  if (begin < text.size()) parts.push_back({text.substr(begin), std::nullopt});
  return parts;
}

}  // namespace sixfold::tokenizer::hf
