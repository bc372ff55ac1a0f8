// Writing by hand, because a chunk per token is the hot path of a server.
#include "service/json.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "core/utf8.h"

namespace sixfold::service {
namespace {

void append_escaped(std::string& out, unsigned char byte) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (byte) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
  }
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  // One arena per document: a request is read once and dropped whole.  Its first block fits the allocator's
  // thread-local lists (the default of 1 KiB just does not) or, for long texts, what their values mostly take.
  constexpr std::size_t kFirstBlockBytes = 768;
  const std::size_t first_block = std::clamp(text.size() * 2, kFirstBlockBytes, std::size_t{1} << 20);
  auto document =
      sixfold::parse_json(text, "body", {}, json::make_shared_resource<json::monotonic_resource>(first_block));
  if (!document.is_ok()) return Error{ErrorCode::kInvalidArgument, document.error().message};
  return document;
}

Parsed<json::value> parse_object(std::string_view body) {
  auto document = parse_json(body);
  if (!document) return Refusal{std::move(document).error(), {}, {}};
  if (!document->is_object()) {
    return Refusal{invalid_argument("body: want a JSON object, got {}", shown_json(*document)), {}, {}};
  }
  return std::move(*document);
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  std::size_t begin = 0;  // of the stretch that needs no change
  std::size_t at = 0;
  while (at < text.size()) {
    const auto byte = static_cast<unsigned char>(text[at]);
    if (byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\') {
      ++at;
      continue;
    }
    if (byte < 0x80) {
      out.append(text, begin, at - begin);
      append_escaped(out, byte);
      begin = ++at;
      continue;
    }
    const Utf8Step step = read_utf8(text.substr(at));
    if (!step.is_valid) {
      out.append(text, begin, at - begin);
      out += "\xEF\xBF\xBD";
      begin = at + step.bytes;
    }
    at += step.bytes;
  }
  out.append(text, begin, at - begin);
  out += '"';
}

void append_json_string_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_json_string(out, text);
  }
}

void append_compact(std::string& out, std::string_view json) {
  bool is_string = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char letter = json[at];
    if (!is_string && (letter == ' ' || letter == '\n' || letter == '\r' || letter == '\t')) continue;
    out += letter;
    if (letter == '"') is_string = !is_string;
    if (is_string && letter == '\\' && at + 1 < json.size()) out += json[++at];
  }
}

void append_json_number(std::string& out, double number) {
  if (!std::isfinite(number)) number = number > 0 ? 9999 : -9999;
  fmt::format_to(std::back_inserter(out), "{:.8g}", number);
}

void append_json_number(std::string& out, float number) {
  if (!std::isfinite(number)) return append_json_number(out, static_cast<double>(number));
  char text[32];
  const auto [end, error] = std::to_chars(text, text + sizeof text, number);
  out.append(text, end);
}

void append_json_integer(std::string& out, std::uint64_t number) {
  out += fmt::format_int(number).c_str();
}

FieldReader::FieldReader(const json::object& object, std::string path) : object_(object), path_(std::move(path)) {}

std::string FieldReader::path_of(std::string_view name) const {
  if (path_.empty()) return std::string(name);
  return name.empty() ? path_ : path_ + "." + std::string(name);
}

const json::value* FieldReader::find(std::string_view name) const {
  const json::value* value = object_.if_contains({name.data(), name.size()});
  return value == nullptr || value->is_null() ? nullptr : value;
}

void FieldReader::refuse(Refusal refusal) {
  if (!refusal_) refusal_ = std::move(refusal);
}

void FieldReader::refuse(std::string_view name, std::string_view reason) {
  const std::string path = path_of(name);
  refuse(Refusal{invalid_argument("\"{}\": {}", path, reason), path, {}});
}

void FieldReader::refuse(std::string_view name, std::string_view want, const json::value& got) {
  refuse(name, fmt::format("want {}, got {}", want, shown_json(got)));
}

std::optional<double> FieldReader::number(std::string_view name, double min, double max) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  json::error_code failure;
  const double number = value->is_number() ? value->to_number<double>(failure) : std::nan("");
  if (number >= min && number <= max) return number;
  refuse(name, fmt::format("a number between {} and {}", min, max), *value);
  return std::nullopt;
}

std::optional<std::int64_t> FieldReader::integer(std::string_view name, std::int64_t min, std::int64_t max) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto number = as_integer(*value);
  if (number && *number >= min && *number <= max) return number;
  refuse(name, fmt::format("an integer between {} and {}", min, max), *value);
  return std::nullopt;
}

std::optional<bool> FieldReader::boolean(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_bool()) return value->get_bool();
  refuse(name, "true or false", *value);
  return std::nullopt;
}

std::optional<std::string_view> FieldReader::text(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return std::string_view(value->get_string().data(), value->get_string().size());
  refuse(name, "a string", *value);
  return std::nullopt;
}

std::vector<std::string> FieldReader::texts(std::string_view name, std::size_t count_max, std::size_t bytes_max) {
  std::vector<std::string> out;
  const json::value* value = find(name);
  if (value == nullptr) return out;
  const auto take = [&](const json::value& item) {
    if (!item.is_string() || item.get_string().empty() || item.get_string().size() > bytes_max) {
      refuse(name, fmt::format("strings of 1 to {} bytes", bytes_max), item);
      return;
    }
    out.emplace_back(item.get_string().data(), item.get_string().size());
  };
  if (!value->is_array()) {
    take(*value);
  } else if (value->get_array().size() > count_max) {
    refuse(name, fmt::format("want at most {} strings, got {}", count_max, value->get_array().size()));
  } else {
    for (const json::value& item : value->get_array()) take(item);
  }
  return out;
}

const json::object* FieldReader::object(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return nullptr;
  if (value->is_object()) return &value->get_object();
  refuse(name, "an object", *value);
  return nullptr;
}

const json::array* FieldReader::array(std::string_view name) {
  const json::value* value = find(name);
  if (value == nullptr) return nullptr;
  if (value->is_array()) return &value->get_array();
  refuse(name, "an array", *value);
  return nullptr;
}

}  // namespace sixfold::service
