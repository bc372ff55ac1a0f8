// The four forms of OpenAI's "prompt" and "input".
#include "service/texts.h"

#include <fmt/format.h>

#include <string>

#include "core/limits.h"

namespace sixfold::service {
namespace {

constexpr std::string_view kWant = "a string, an array of strings, token ids or an array of those";

std::vector<TokenId> read_tokens(FieldReader& reader, std::string_view name, const json::array& array) {
  std::vector<TokenId> tokens;
  tokens.reserve(array.size());
  for (const json::value& item : array) {
    const auto token = as_integer(item);
    if (!token || *token < 0 || *token >= static_cast<std::int64_t>(limits::kVocabularyMax)) {
      reader.refuse(name, "token ids", item);
      return tokens;
    }
    tokens.push_back(static_cast<TokenId>(*token));
  }
  return tokens;
}

std::string text_of(const json::value& value) {
  return std::string(value.get_string().data(), value.get_string().size());
}

}  // namespace

std::vector<Text> read_texts(FieldReader& reader, std::string_view name, std::size_t count_max) {
  std::vector<Text> texts;
  const json::value* value = reader.find(name);
  if (value == nullptr) {
    reader.refuse(name, fmt::format("want {}, got none", kWant));
    return texts;
  }
  if (value->is_string()) {
    texts.emplace_back(text_of(*value));
    return texts;
  }
  if (!value->is_array() || value->get_array().empty()) {
    reader.refuse(name, kWant, *value);
    return texts;
  }
  const json::array& array = value->get_array();
  if (array[0].is_number()) {
    texts.emplace_back(read_tokens(reader, name, array));
    return texts;
  }
  if (array.size() > count_max) {
    reader.refuse(name, fmt::format("want at most {} texts, got {}", count_max, array.size()));
    return texts;
  }
  for (const json::value& item : array) {
    if (item.is_string()) {
      texts.emplace_back(text_of(item));
    } else if (item.is_array()) {
      texts.emplace_back(read_tokens(reader, name, item.get_array()));
    } else {
      reader.refuse(name, kWant, item);
      return texts;
    }
  }
  return texts;
}

}  // namespace sixfold::service
