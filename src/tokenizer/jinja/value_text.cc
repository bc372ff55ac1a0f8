// Values as text: what Python's str, repr and json.dumps print.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "core/utf8.h"
#include "tokenizer/jinja/value.h"

namespace sixfold::tokenizer::jinja {
namespace {

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  std::string text = fmt::format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

std::string quoted_repr(const std::string& text) {
  const char quote = text.find('\'') != std::string::npos && text.find('"') == std::string::npos ? '"' : '\'';
  std::string out(1, quote);
  for (const char c : text) {
    if (c == quote || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + quote;
}

void append_json_string(std::string& out, const std::string& text) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

// Characters beyond ASCII as the \u escapes of their UTF-16 units.
std::string with_ascii_only(const std::string& json) {
  std::string out;
  for (std::string_view rest = json; !rest.empty();) {
    const Utf8Step step = read_utf8(rest);
    rest.remove_prefix(step.bytes);
    const auto code_point = static_cast<std::uint32_t>(step.code_point);
    if (code_point < 0x80) {
      out += static_cast<char>(code_point);
    } else if (code_point < 0x10000) {
      out += fmt::format("\\u{:04x}", code_point);
    } else {
      const std::uint32_t above = code_point - 0x10000;
      out += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (above >> 10), 0xDC00 + (above & 0x3FF));
    }
  }
  return out;
}

struct JsonWriter {
  std::string out;
  const JsonStyle& style;

  void new_line(int depth) {
    if (style.indent < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(style.indent) * static_cast<std::size_t>(depth), ' ');
  }

  void write_string(const std::string& text) {
    if (!style.escapes_others) return append_json_string(out, text);
    std::string own;
    append_json_string(own, text);
    out += with_ascii_only(own);
  }

  // Values that JSON lacks (undefined, functions) become null.
  void write(const Value& value, int depth) {
    if (value.is_boolean()) {
      out += value.is_true() ? "true" : "false";
    } else if (value.is_number() || value.is_none()) {
      out += value.is_none() ? "null" : to_text(value);
    } else if (value.is_string()) {
      write_string(value.as_string());
    } else if (value.is_list()) {
      write_list(value.as_list(), depth);
    } else if (value.is_dict()) {
      write_dict(value.as_dict(), depth);
    } else {
      out += "null";
    }
  }

  void write_list(const List& list, int depth) {
    out += '[';
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out += style.between;
      new_line(depth + 1);
      write(list[i], depth + 1);
    }
    if (!list.empty()) new_line(depth);
    out += ']';
  }

  void write_dict(const Dict& dict, int depth) {
    out += '{';
    std::vector<const std::pair<std::string, Value>*> entries;
    for (const auto& entry : dict.entries) entries.push_back(&entry);
    if (style.sorts_keys) {
      std::sort(entries.begin(), entries.end(), [](const auto* a, const auto* b) { return a->first < b->first; });
    }
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) out += style.between;
      new_line(depth + 1);
      write_string(entries[i]->first);
      out += style.colon;
      write(entries[i]->second, depth + 1);
    }
    if (!dict.entries.empty()) new_line(depth);
    out += '}';
  }
};

}  // namespace

std::string to_text(const Value& value) {
  if (value.is_undefined()) return "";
  if (value.is_none()) return "None";
  if (value.is_boolean()) return value.is_true() ? "True" : "False";
  if (value.is_integer()) return fmt::format("{}", value.as_integer());
  if (value.is_float()) return float_text(value.as_double());
  if (value.is_string()) return value.as_string();
  return to_repr(value);
}

std::string to_repr(const Value& value) {
  if (value.is_string()) return quoted_repr(value.as_string());
  if (value.is_list()) {
    std::string out = "[";
    for (const Value& item : value.as_list()) out += (out.size() > 1 ? ", " : "") + to_repr(item);
    return out + "]";
  }
  if (value.is_dict()) {
    std::string out = "{";
    for (const auto& [key, item] : value.as_dict().entries) {
      out += (out.size() > 1 ? ", " : "") + quoted_repr(key) + ": " + to_repr(item);
    }
    return out + "}";
  }
  if (value.is_function()) return "<function>";
  if (value.is_undefined()) return "Undefined";
  return to_text(value);
}

std::string to_json(const Value& value, const JsonStyle& style) {
  JsonWriter writer{{}, style};
  writer.write(value, 0);
  return std::move(writer.out);
}

}  // namespace sixfold::tokenizer::jinja
