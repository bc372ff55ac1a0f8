// A second opinion: a plain validator of JSON Schema that shares no code with the grammar's reader.
#pragma once
#include <cmath>
#include <regex>
#include <set>
#include <string>

#include "core/json.h"

namespace sixfold::grammar {

// Knows the keywords that the tests use; patterns are read by std::regex.
class SchemaValidator {
 public:
  explicit SchemaValidator(const json::value& document) : document_(document) {}

  bool is_valid(const json::value& value) const { return is_valid(value, document_); }

 private:
  static std::string text(const json::value& value) { return {value.get_string().data(), value.get_string().size()}; }
  static double number(const json::value& value) { return value.to_number<double>(); }

  static bool same(const json::value& left, const json::value& right) {
    if (left.is_number() && right.is_number()) return number(left) == number(right);
    if (left.kind() != right.kind()) return false;
    if (left.is_array()) {
      if (left.get_array().size() != right.get_array().size()) return false;
      for (std::size_t at = 0; at < left.get_array().size(); ++at) {
        if (!same(left.get_array()[at], right.get_array()[at])) return false;
      }
      return true;
    }
    if (!left.is_object()) return left == right;
    if (left.get_object().size() != right.get_object().size()) return false;
    for (const auto& member : left.get_object()) {
      const json::value* other = right.get_object().if_contains(member.key());
      if (other == nullptr || !same(member.value(), *other)) return false;
    }
    return true;
  }

  static bool has_type(const json::value& value, const std::string& type) {
    if (type == "null") return value.is_null();
    if (type == "boolean") return value.is_bool();
    if (type == "string") return value.is_string();
    if (type == "array") return value.is_array();
    if (type == "object") return value.is_object();
    if (type == "number") return value.is_number();
    return value.is_number() && number(value) == std::floor(number(value));
  }

  static bool finds(const std::string& pattern, const std::string& where) {
    return std::regex_search(where, std::regex(pattern, std::regex::ECMAScript));
  }

  const json::value& target(const std::string& reference) const {
    const json::value* at = &document_;
    for (std::size_t begin = 2; begin <= reference.size();) {
      const std::size_t end = std::min(reference.find('/', begin), reference.size());
      at = &at->at(reference.substr(begin, end - begin));
      begin = end + 1;
    }
    return *at;
  }

  bool is_valid(const json::value& value, const json::value& schema) const {
    if (schema.is_bool()) return schema.get_bool();
    const json::object& fields = schema.get_object();
    const auto find = [&](const char* name) { return fields.if_contains(name); };
    if (const auto* own = find("$ref"); own && !is_valid(value, target(text(*own)))) return false;
    if (const auto* own = find("type")) {
      bool is_one = false;
      if (own->is_string()) is_one = has_type(value, text(*own));
      if (own->is_array()) {
        for (const auto& type : own->get_array()) is_one = is_one || has_type(value, text(type));
      }
      if (!is_one) return false;
    }
    if (const auto* own = find("const"); own && !same(value, *own)) return false;
    if (const auto* own = find("enum")) {
      bool is_one = false;
      for (const auto& choice : own->get_array()) is_one = is_one || same(value, choice);
      if (!is_one) return false;
    }
    if (const auto* own = find("allOf")) {
      for (const auto& part : own->get_array()) {
        if (!is_valid(value, part)) return false;
      }
    }
    for (const char* name : {"anyOf", "oneOf"}) {
      const auto* own = find(name);
      if (own == nullptr) continue;
      int count = 0;
      for (const auto& part : own->get_array()) count += is_valid(value, part) ? 1 : 0;
      if (count == 0 || (std::string(name) == "oneOf" && count > 1)) return false;
    }
    if (value.is_number()) return is_number_valid(number(value), fields);
    if (value.is_string()) return is_string_valid(text(value), fields);
    if (value.is_array()) return is_array_valid(value.get_array(), fields);
    return !value.is_object() || is_object_valid(value.get_object(), fields);
  }

  static bool is_number_valid(double value, const json::object& fields) {
    const auto* low = fields.if_contains("minimum");
    const auto* high = fields.if_contains("maximum");
    const auto* above = fields.if_contains("exclusiveMinimum");
    const auto* below = fields.if_contains("exclusiveMaximum");
    const auto* multiple = fields.if_contains("multipleOf");
    return (!low || value >= number(*low)) && (!high || value <= number(*high)) && (!above || value > number(*above)) &&
           (!below || value < number(*below)) && (!multiple || std::fmod(value, number(*multiple)) == 0);
  }

  static bool is_string_valid(const std::string& value, const json::object& fields) {
    double length = 0;
    for (const char byte : value) length += (static_cast<unsigned char>(byte) & 0xC0) != 0x80 ? 1 : 0;
    const auto* least = fields.if_contains("minLength");
    const auto* most = fields.if_contains("maxLength");
    const auto* pattern = fields.if_contains("pattern");
    return (!least || length >= number(*least)) && (!most || length <= number(*most)) &&
           (!pattern || finds(text(*pattern), value));
  }

  bool is_array_valid(const json::array& value, const json::object& fields) const {
    const auto* least = fields.if_contains("minItems");
    const auto* most = fields.if_contains("maxItems");
    const auto size = static_cast<double>(value.size());
    if ((least && size < number(*least)) || (most && size > number(*most))) return false;
    const auto* front = fields.if_contains("prefixItems");
    const auto* rest = fields.if_contains("items");
    const std::size_t fronts = front ? front->get_array().size() : 0;
    for (std::size_t at = 0; at < value.size(); ++at) {
      if (at < fronts ? !is_valid(value[at], front->get_array()[at]) : rest && !is_valid(value[at], *rest))
        return false;
    }
    return true;
  }

  bool is_object_valid(const json::object& value, const json::object& fields) const {
    const auto* least = fields.if_contains("minProperties");
    const auto* most = fields.if_contains("maxProperties");
    const auto size = static_cast<double>(value.size());
    if ((least && size < number(*least)) || (most && size > number(*most))) return false;
    if (const auto* own = fields.if_contains("required")) {
      for (const auto& name : own->get_array()) {
        if (!value.contains(text(name))) return false;
      }
    }
    const auto* named = fields.if_contains("properties");
    const auto* patterns = fields.if_contains("patternProperties");
    const auto* others = fields.if_contains("additionalProperties");
    for (const auto& member : value) {
      bool is_known = false;
      if (named && named->get_object().contains(member.key())) {
        is_known = true;
        if (!is_valid(member.value(), named->get_object().at(member.key()))) return false;
      }
      if (patterns) {
        for (const auto& pattern : patterns->get_object()) {
          if (!finds(std::string(pattern.key()), std::string(member.key()))) continue;
          is_known = true;
          if (!is_valid(member.value(), pattern.value())) return false;
        }
      }
      if (!is_known && others && !is_valid(member.value(), *others)) return false;
    }
    return true;
  }

  const json::value& document_;
};

}  // namespace sixfold::grammar
