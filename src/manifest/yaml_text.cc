// yaml-cpp writes; what it would leave unquoted although readers differ about it is quoted here.
#include "manifest/yaml_text.h"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "manifest/load_yaml.h"

namespace sixfold::manifest {
namespace {

// An alias stands for all that its anchor has; a few lines of them can stand for more than any memory holds.
constexpr std::size_t kValuesMax = 1u << 18;

// A key before a colon may have 1024 characters (YAML 1.2, section 7.4.3), and a byte may take 4: \xNN.  A longer one
// has a question mark before it.
constexpr std::size_t kShortKeyBytesMax = 250;

bool is_letter(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

// Texts that some version of YAML reads as a flag or as nothing.
bool is_word_of_yaml(std::string_view text) {
  static constexpr std::array<std::string_view, 8> kWords = {"null", "true", "false", "yes", "no", "on", "off", "y"};
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char byte) { return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : byte; });
  return lower == "n" || std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

// Begins with a letter or a slash and has nothing that means anything to YAML: no number begins so.
bool is_plain(std::string_view text) {
  if (text.empty() || !(is_letter(text.front()) || text.front() == '/') || is_word_of_yaml(text)) return false;
  const bool has_only_harmless = std::all_of(text.begin(), text.end(), [](char byte) {
    return is_letter(byte) || (byte >= '0' && byte <= '9') ||
           std::string_view("/._-+@").find(byte) != std::string_view::npos;
  });
  return has_only_harmless;
}

void write_text(YAML::Emitter& out, std::string_view text) {
  if (!is_plain(text)) out << YAML::DoubleQuoted;
  out << std::string(text);
}

// With a point, without which a reader takes the number for a whole one, and YAML 1.1 takes one with an exponent for a
// text.
std::string text_of(double number) {
  std::string text = fmt::format("{}", number);
  if (text.find('.') == std::string::npos) text.insert(std::min(text.find('e'), text.size()), ".0");
  return text;
}

void write(YAML::Emitter& out, const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      out << YAML::Null;
      return;
    case json::kind::bool_:
      out << value.get_bool();
      return;
    case json::kind::int64:
      out << value.get_int64();
      return;
    case json::kind::uint64:
      out << value.get_uint64();
      return;
    case json::kind::double_:
      out << text_of(value.get_double());
      return;
    case json::kind::string:
      write_text(out, {value.get_string().data(), value.get_string().size()});
      return;
    case json::kind::array: {
      const json::array& list = value.get_array();
      if (list.empty()) out << YAML::Flow;
      out << YAML::BeginSeq;
      for (const json::value& item : list) write(out, item);
      out << YAML::EndSeq;
      return;
    }
    case json::kind::object: {
      const json::object& object = value.get_object();
      if (object.empty()) out << YAML::Flow;
      out << YAML::BeginMap;
      for (const auto& field : object) {
        const std::string_view key(field.key().data(), field.key().size());
        if (key.size() > kShortKeyBytesMax) out << YAML::LongKey;
        out << YAML::Key;
        write_text(out, key);
        out << YAML::Value;
        write(out, field.value());
      }
      out << YAML::EndMap;
      return;
    }
  }
}

struct ValueReader {
  std::string_view name;
  std::size_t values = 0;  // read so far

  Error error_at(const YAML::Mark& mark, std::string_view message) const {
    return corrupt_data("{}:{}: {}", name, mark.line + 1, message);
  }

  static json::value scalar(const YAML::Node& node) {
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") return json::value(text);  // quoted
    if (text.empty() || text == "~" || text == "null") return nullptr;
    if (text == "true" || text == "false") return text == "true";
    const char* end = text.data() + text.size();
    std::int64_t whole = 0;
    if (const auto [at, error] = std::from_chars(text.data(), end, whole); error == std::errc() && at == end)
      return whole;
    std::uint64_t large = 0;
    if (const auto [at, error] = std::from_chars(text.data(), end, large); error == std::errc() && at == end)
      return large;
    const bool is_numeric = text.find_first_not_of("0123456789+-.eE") == std::string::npos;  // no "inf"
    double real = 0;
    if (const auto [at, error] = std::from_chars(text.data(), end, real);
        is_numeric && error == std::errc() && at == end) {
      return real;
    }
    return json::value(text);
  }

  Result<json::value> read(const YAML::Node& node, std::size_t depth) {
    if (depth > limits::kJsonDepthMax) return error_at(node.Mark(), "too deep");
    if (++values > kValuesMax) return error_at(node.Mark(), fmt::format("want at most {} values", kValuesMax));
    if (node.IsScalar()) return scalar(node);
    if (node.IsSequence()) {
      json::array list;
      for (const YAML::Node& item : node) {
        SIXFOLD_TRY(json::value value, read(item, depth + 1));
        list.push_back(std::move(value));
      }
      return json::value(std::move(list));
    }
    if (!node.IsMap()) return json::value(nullptr);
    json::object object;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return error_at(entry.first.Mark(), "want a text as a key");
      SIXFOLD_TRY(json::value value, read(entry.second, depth + 1));
      if (!object.emplace(entry.first.Scalar(), std::move(value)).second) {
        return error_at(entry.first.Mark(), fmt::format("the key \"{}\" is there twice", entry.first.Scalar()));
      }
    }
    return json::value(std::move(object));
  }
};

}  // namespace

Result<json::value> yaml_value(std::string_view text, std::string_view name) {
  SIXFOLD_TRY(const YAML::Node root, load_yaml(text, name));
  ValueReader reader{name};
  try {
    return reader.read(root, 0);
  } catch (const YAML::Exception& exception) {
    return reader.error_at(exception.mark, exception.msg);
  }
}

std::string yaml_of(const json::value& value) {
  YAML::Emitter out;
  out.SetIndent(2);
  out.SetSeqFormat(YAML::Block);
  out.SetMapFormat(YAML::Block);
  write(out, value);
  return std::string(out.c_str(), out.size()) + "\n";
}

}  // namespace sixfold::manifest
