// Schemas at random, of the keywords that can be enforced.
#pragma once
#include <random>
#include <string>

#include "core/json.h"

namespace sixfold::grammar {

class RandomSchema {
 public:
  explicit RandomSchema(unsigned seed) : random_(seed) {}

  // A document: definitions, some of which contain themselves, and an object on top.
  json::value make() {
    json::object document = object(3);
    json::object definitions;
    definitions["leaf"] = leaf();
    definitions["list"] = {{"type", "object"},
                           {"properties", {{"head", leaf()}, {"tail", {{"$ref", "#/$defs/list"}}}}},
                           {"required", json::array{"head"}},
                           {"additionalProperties", false}};
    document["$defs"] = definitions;
    return document;
  }

 private:
  unsigned pick(unsigned count) { return static_cast<unsigned>(random_() % count); }

  json::value leaf() {
    switch (pick(14)) {
      case 0:
        return {{"type", "null"}};
      case 1:
        return {{"type", "boolean"}};
      case 2:
        return {{"type", "integer"}};
      case 3: {
        const int low = static_cast<int>(pick(300)) - 150;
        return {{"type", "integer"}, {"minimum", low}, {"maximum", low + static_cast<int>(pick(2000))}};
      }
      case 4:
        return {{"type", "number"}, {"exclusiveMinimum", -2.5}, {"maximum", 17.25}};
      case 5:
        return {{"type", "number"}};
      case 6:
        return {{"type", "string"}};
      case 7: {
        const unsigned least = pick(4);
        return {{"type", "string"}, {"minLength", least}, {"maxLength", least + pick(6)}};
      }
      case 8:
        return {{"type", "string"}, {"pattern", "^[A-Z][a-z]{1,3}(-[0-9]+)?$"}};
      case 9:
        return {{"type", "string"}, {"pattern", "b+|[\"\\\\]x"}, {"maxLength", 12}};
      case 10:
        return {{"enum", {"red", "gr\u00fcn", 3, nullptr, true, json::array{1, "two"}, {{"k", "v"}}, "line\nend"}}};
      case 11:
        return {{"const", {{"a", 1.5}, {"b", json::array{false}}}}};
      case 12:
        return {{"type", "integer"}, {"multipleOf", pick(12) + 1}, {"exclusiveMinimum", -40}};
      default:
        return {{"type", json::array{"string", "null", "integer"}}, {"maxLength", 5}};
    }
  }

  json::object object(unsigned depth) {
    json::object schema{{"type", "object"}};
    json::object properties;
    json::array required;
    const unsigned count = pick(5);
    for (unsigned index = 0; index < count; ++index) {
      const std::string name = std::string(1, static_cast<char>('a' + index)) + (pick(5) == 0 ? "\"\u00e4" : "");
      properties[name] = value(depth - 1);
      if (pick(2) == 0) required.emplace_back(name);
    }
    schema["properties"] = properties;
    schema["required"] = required;
    switch (pick(5)) {
      case 0:
        schema["additionalProperties"] = value(depth - 1);
        break;
      case 1:
        schema["patternProperties"] = {{"^x_", {{"type", "integer"}, {"minimum", 0}}}};
        schema["additionalProperties"] = false;
        break;
      default:
        schema["additionalProperties"] = false;
    }
    if (pick(4) == 0) schema["maxProperties"] = required.size() + pick(3);
    return schema;
  }

  json::value value(unsigned depth) {
    if (depth == 0) return leaf();
    switch (pick(9)) {
      case 0:
        return object(depth);
      case 1: {
        const unsigned least = pick(3);
        return {{"type", "array"}, {"items", value(depth - 1)}, {"minItems", least}, {"maxItems", least + pick(3)}};
      }
      case 2:
        return {{"type", "array"}, {"prefixItems", {leaf(), leaf()}}, {"items", value(depth - 1)}, {"maxItems", 4}};
      case 3:
        return {{"anyOf", {value(depth - 1), leaf()}}};
      case 4:
        return {{"oneOf",
                 {{{"type", "object"},
                   {"properties", {{"kind", {{"const", "one"}}}, {"v", leaf()}}},
                   {"required", json::array{"kind"}}},
                  {{"type", "object"},
                   {"properties", {{"kind", {{"const", "two"}}}}},
                   {"required", json::array{"kind", "w"}}}}}};
      case 5:
        return {{"allOf",
                 {{{"type", "object"}, {"properties", {{"p", leaf()}}}, {"required", json::array{"p"}}},
                  {{"properties", {{"q", {{"type", "boolean"}}}}},
                   {"additionalProperties", {{"type", json::array{"null", "string"}}}}}}}};
      case 6:
        return {{"$ref", "#/$defs/list"}};
      case 7:
        return {{"$ref", "#/$defs/leaf"}};
      default:
        return leaf();
    }
  }

  std::mt19937 random_;
};

}  // namespace sixfold::grammar
