// The keywords of JSON Schema that speak about values of one type.  Source: JSON Schema draft 2020-12, Validation and
// Core; `items` as a list, `additionalItems` and `definitions` as in draft 7.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <optional>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "grammar/json_text.h"
#include "grammar/regex.h"
#include "grammar/schema_reader.h"
#include "grammar/string_formats.h"

namespace sixfold::grammar {
namespace {

// Of a value that was parsed, or made by a program.
std::optional<std::int64_t> integer_of(const json::value& value) {
  const std::uint64_t* number = value.if_uint64();
  if (number != nullptr && *number <= std::uint64_t{1} << 62) return static_cast<std::int64_t>(*number);
  return as_integer(value);
}

// One schema's keywords, narrowing all shapes.
class TypeKeywords {
 public:
  TypeKeywords(SchemaReader& reader, const json::value& schema, Shapes& shapes)
      : reader_(reader), schema_(schema), fields_(schema.get_object()), shapes_(shapes) {}

  Status apply() {
    SIXFOLD_TRY_STATUS(apply_type());
    SIXFOLD_TRY_STATUS(apply_choices());
    SIXFOLD_TRY_STATUS(apply_numbers());
    SIXFOLD_TRY_STATUS(apply_strings());
    SIXFOLD_TRY_STATUS(apply_arrays());
    return apply_objects();
  }

 private:
  const json::value* find(std::string_view keyword) const {
    return fields_.if_contains({keyword.data(), keyword.size()});
  }
  Error refuse(std::string_view keyword, std::string_view reason) const {
    return reader_.refusal(schema_, keyword, reason);
  }
  bool allows(unsigned type) const {
    return std::any_of(shapes_.begin(), shapes_.end(), [&](const Shape& shape) { return (shape.types & type) != 0; });
  }

  // A keyword that holds a count.  `least` or `most` of every shape's range is narrowed.
  Status apply_count(std::string_view keyword, bool is_least, CountRange& (*range_of)(Shape&)) {
    const json::value* value = find(keyword);
    if (value == nullptr) return ok();
    const auto count = integer_of(*value);
    if (!count || *count < 0) return refuse(keyword, fmt::format("want a count, got {}", shown_json(*value)));
    for (Shape& shape : shapes_) {
      CountRange& range = range_of(shape);
      const auto bound = static_cast<std::uint64_t>(*count);
      if (is_least) {
        range.least = std::max(range.least, bound);
      } else {
        range.most = std::min(range.most, bound);
      }
    }
    return ok();
  }

  Status apply_type() {
    const json::value* value = find("type");
    if (value == nullptr) return ok();
    unsigned types = 0;
    bool has_number = false;
    const auto add = [&](const json::value& name) {
      struct Row {
        std::string_view name;
        unsigned bit;
      };
      static constexpr std::array<Row, 7> kRows = {{{"null", kNullBit},
                                                    {"boolean", kBooleanBit},
                                                    {"number", kNumberBit},
                                                    {"integer", kNumberBit},
                                                    {"string", kStringBit},
                                                    {"array", kArrayBit},
                                                    {"object", kObjectBit}}};
      if (!name.is_string()) return false;
      const std::string_view text(name.get_string().data(), name.get_string().size());
      const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const Row& own) { return own.name == text; });
      if (row == kRows.end()) return false;
      types |= row->bit;
      has_number = has_number || text == "number";
      return true;
    };
    const bool is_good = value->is_array() ? !value->get_array().empty() &&
                                                 std::all_of(value->get_array().begin(), value->get_array().end(), add)
                                           : add(*value);
    if (!is_good) return refuse("type", fmt::format("want a type or a list of types, got {}", shown_json(*value)));
    for (Shape& shape : shapes_) {
      shape.types &= types;
      if (!has_number) shape.number.only_integers = true;
    }
    return ok();
  }

  Status apply_choices() {
    std::vector<const json::value*> choices;
    if (const json::value* value = find("const")) {
      choices = {value};
    } else if (const json::value* list = find("enum")) {
      if (!list->is_array()) return refuse("enum", fmt::format("want a list, got {}", shown_json(*list)));
      if (list->get_array().size() > limits::kChoiceTextsMax) {
        return refuse("enum", fmt::format("want at most {} values", limits::kChoiceTextsMax));
      }
      for (const json::value& choice : list->get_array()) choices.push_back(&choice);
    } else {
      return ok();
    }
    const json::value* list = find("const") != nullptr ? find("enum") : nullptr;
    if (list != nullptr && list->is_array()) {
      SIXFOLD_TRY_STATUS(reader_.spend(list->get_array().size()));
      const auto is_same = [&](const json::value& other) { return is_equal(*choices.front(), other); };
      if (std::none_of(list->get_array().begin(), list->get_array().end(), is_same)) choices.clear();
    }
    for (Shape& shape : shapes_) {
      SIXFOLD_TRY_STATUS(reader_.spend(choices.size() + (shape.choices ? shape.choices->size() : 0)));
      ValueSet allowed(shape.choices.value_or(std::vector<const json::value*>()));
      ValueSet kept({});
      std::vector<const json::value*> both;
      for (const json::value* choice : choices) {
        const bool is_in_shape = !shape.choices || allowed.contains(*choice);
        if (is_in_shape && kept.add(*choice)) both.push_back(choice);
      }
      shape.choices = std::move(both);
    }
    return ok();
  }

  Status apply_numbers() {
    struct Row {
      std::string_view keyword;
      bool is_low, is_open;
    };
    static constexpr std::array<Row, 4> kRows = {{{"minimum", true, false},
                                                  {"exclusiveMinimum", true, true},
                                                  {"maximum", false, false},
                                                  {"exclusiveMaximum", false, true}}};
    for (const Row& row : kRows) {
      const json::value* value = find(row.keyword);
      if (value == nullptr) continue;
      if (!as_number(*value)) return refuse(row.keyword, fmt::format("want a number, got {}", shown_json(*value)));
      const Decimal bound = decimal_of(*value);
      if (allows(kNumberBit) && bound.whole.size() > kBoundDigitsMax) {
        return refuse(row.keyword, fmt::format("want at most {} digits before the point", kBoundDigitsMax));
      }
      for (Shape& shape : shapes_) narrow(shape.number, bound, row.is_low, row.is_open);
    }
    const json::value* multiple = find("multipleOf");
    if (multiple == nullptr || !allows(kNumberBit)) return ok();
    const auto divisor = integer_of(*multiple);
    if (!divisor || *divisor < 1 || static_cast<std::uint64_t>(*divisor) > kMultipleMax) {
      return refuse("multipleOf", fmt::format("only integers from 1 to {} can be enforced", kMultipleMax));
    }
    for (Shape& shape : shapes_) {
      shape.number.only_integers = true;
      shape.number.multiple = std::lcm(shape.number.multiple, static_cast<std::uint64_t>(*divisor));
      if (shape.number.multiple > kMultipleMax) {
        return refuse("multipleOf", fmt::format("together with others it is above {}", kMultipleMax));
      }
    }
    return ok();
  }

  static void narrow(NumberBounds& number, const Decimal& bound, bool is_low, bool is_open) {
    std::optional<Decimal>& own = is_low ? number.low : number.high;
    bool& is_own_open = is_low ? number.is_low_open : number.is_high_open;
    const bool is_tighter = !own || (is_low ? bound > *own : bound < *own);
    if (own && bound == *own) {
      is_own_open = is_own_open || is_open;
    } else if (is_tighter) {
      own = bound;
      is_own_open = is_open;
    }
  }

  Status apply_strings() {
    static constexpr auto kLength = [](Shape& shape) -> CountRange& { return shape.string.length; };
    SIXFOLD_TRY_STATUS(apply_count("minLength", true, kLength));
    SIXFOLD_TRY_STATUS(apply_count("maxLength", false, kLength));
    if (const json::value* value = find("pattern"); value != nullptr && allows(kStringBit)) {
      if (!value->is_string()) return refuse("pattern", fmt::format("want a string, got {}", shown_json(*value)));
      SIXFOLD_TRY_STATUS(add_language("pattern", text_of(*value), RegexUse::kSearch));
    }
    if (const json::value* value = find("format"); value != nullptr && allows(kStringBit)) {
      if (!value->is_string()) return refuse("format", fmt::format("want a string, got {}", shown_json(*value)));
      const std::string pattern = pattern_of_format(text_of(*value));
      if (pattern.empty() && is_standard_format(text_of(*value))) {
        return refuse("format", fmt::format("{} cannot be enforced; known are {}", shown_json(*value),
                                            fmt::join(known_formats(), ", ")));
      }
      if (!pattern.empty()) SIXFOLD_TRY_STATUS(add_language("format", pattern, RegexUse::kWhole));
    }
    return ok();
  }

  static std::string_view text_of(const json::value& value) {
    return {value.get_string().data(), value.get_string().size()};
  }

  Result<std::shared_ptr<const Dfa>> compile(std::string_view keyword, std::string_view pattern, RegexUse use) {
    Result<std::shared_ptr<const Dfa>> dfa = reader_.automaton(pattern, use);
    if (!dfa) return refuse(keyword, dfa.error().message);
    return dfa;
  }

  Status add_language(std::string_view keyword, std::string_view pattern, RegexUse use) {
    SIXFOLD_TRY(const std::shared_ptr<const Dfa> dfa, compile(keyword, pattern, use));
    for (Shape& shape : shapes_) shape.string.languages.push_back(dfa);
    return ok();
  }

  Status check_schema(std::string_view keyword, const json::value& value) const {
    if (value.is_object() || value.is_bool()) return ok();
    return refuse(keyword, fmt::format("want a schema, got {}", shown_json(value)));
  }

  Status apply_arrays() {
    static constexpr auto kLength = [](Shape& shape) -> CountRange& { return shape.array.length; };
    SIXFOLD_TRY_STATUS(apply_count("minItems", true, kLength));
    SIXFOLD_TRY_STATUS(apply_count("maxItems", false, kLength));
    ArrayShape::Layer layer;
    const json::value* rest = find("items");
    std::string_view rest_keyword = "items";
    const json::value* front = find("prefixItems");
    if (front == nullptr && rest != nullptr && rest->is_array()) {
      front = rest;
      rest = find("additionalItems");
      rest_keyword = "additionalItems";
    }
    if (front != nullptr) {
      if (!front->is_array()) return refuse("prefixItems", fmt::format("want a list, got {}", shown_json(*front)));
      for (const json::value& item : front->get_array()) {
        SIXFOLD_TRY_STATUS(check_schema("prefixItems", item));
        layer.front.push_back(&item);
      }
    }
    if (rest != nullptr) {
      SIXFOLD_TRY_STATUS(check_schema(rest_keyword, *rest));
      layer.rest = rest;
    }
    const bool has_layer = !layer.front.empty() || layer.rest != nullptr;
    for (Shape& shape : shapes_) {
      if (has_layer) shape.array.layers.push_back(layer);
    }
    return refuse_what_items_cannot(rest);
  }

  Status refuse_what_items_cannot(const json::value* rest) {
    const bool has_arrays = allows(kArrayBit);
    const auto has_many = [](const Shape& shape) {
      return (shape.types & kArrayBit) != 0 && shape.array.length.most > 1;
    };
    if (const json::value* value = find("uniqueItems"); value != nullptr && value->is_bool() && value->get_bool()) {
      if (std::any_of(shapes_.begin(), shapes_.end(), has_many)) {
        return refuse("uniqueItems", "cannot be enforced for more than one item");
      }
    }
    const json::value* least = find("minContains");
    const bool wants_none = least != nullptr && integer_of(*least) == 0 && find("maxContains") == nullptr;
    if (find("contains") != nullptr && has_arrays && !wants_none) return refuse("contains", "cannot be enforced");
    const json::value* unevaluated = find("unevaluatedItems");
    if (unevaluated != nullptr && has_arrays && rest == nullptr &&
        !(unevaluated->is_bool() && unevaluated->get_bool())) {
      return refuse("unevaluatedItems", "cannot be enforced; use \"items\"");
    }
    return ok();
  }

  Status apply_objects() {
    static constexpr auto kLength = [](Shape& shape) -> CountRange& { return shape.object.length; };
    SIXFOLD_TRY_STATUS(apply_count("minProperties", true, kLength));
    SIXFOLD_TRY_STATUS(apply_count("maxProperties", false, kLength));
    SIXFOLD_TRY_STATUS(apply_required());
    if (const json::value* value = find("propertyNames")) {
      SIXFOLD_TRY_STATUS(check_schema("propertyNames", *value));
      for (Shape& shape : shapes_) shape.object.name_schemas.push_back(value);
    }
    SIXFOLD_TRY(const ObjectShape::Layer layer, read_layer());
    const bool has_layer = layer.properties != nullptr || !layer.patterns.empty() || layer.others != nullptr;
    for (Shape& shape : shapes_) {
      if (has_layer) shape.object.layers.push_back(layer);
    }
    const json::value* unevaluated = find("unevaluatedProperties");
    if (unevaluated != nullptr && allows(kObjectBit) && layer.others == nullptr &&
        !(unevaluated->is_bool() && unevaluated->get_bool())) {
      return refuse("unevaluatedProperties", "cannot be enforced; use \"additionalProperties\"");
    }
    return ok();
  }

  Status apply_required() {
    const json::value* value = find("required");
    if (value == nullptr) return ok();
    if (!value->is_array()) return refuse("required", fmt::format("want a list of names, got {}", shown_json(*value)));
    std::vector<std::string> names;
    for (const json::value& name : value->get_array()) {
      if (!name.is_string()) return refuse("required", fmt::format("want names, got {}", shown_json(name)));
      names.emplace_back(text_of(name));
    }
    return reader_.require(names, schema_, "required", shapes_);
  }

  Result<ObjectShape::Layer> read_layer() {
    ObjectShape::Layer layer;
    if (const json::value* value = find("properties")) {
      if (!value->is_object()) return refuse("properties", fmt::format("want an object, got {}", shown_json(*value)));
      const json::object& properties = value->get_object();
      if (properties.size() > limits::kSchemaPropertiesMax) {
        return refuse("properties", fmt::format("want at most {}", limits::kSchemaPropertiesMax));
      }
      SIXFOLD_TRY_STATUS(reader_.spend(properties.size()));
      for (const auto& property : properties) SIXFOLD_TRY_STATUS(check_schema("properties", property.value()));
      if (!properties.empty()) layer.properties = &properties;
    }
    if (const json::value* value = find("patternProperties"); value != nullptr && allows(kObjectBit)) {
      if (!value->is_object()) {
        return refuse("patternProperties", fmt::format("want an object, got {}", shown_json(*value)));
      }
      for (const auto& property : value->get_object()) {
        SIXFOLD_TRY_STATUS(check_schema("patternProperties", property.value()));
        SIXFOLD_TRY(auto names,
                    compile("patternProperties", {property.key().data(), property.key().size()}, RegexUse::kSearch));
        layer.patterns.push_back({std::move(names), &property.value()});
      }
    }
    if (const json::value* value = find("additionalProperties")) {
      SIXFOLD_TRY_STATUS(check_schema("additionalProperties", *value));
      layer.others = value;
    }
    return layer;
  }

  static constexpr std::size_t kBoundDigitsMax = 60;
  static constexpr std::uint64_t kMultipleMax = 5000;

  SchemaReader& reader_;
  const json::value& schema_;
  const json::object& fields_;
  Shapes& shapes_;
};

}  // namespace

Status apply_type_keywords(SchemaReader& reader, const json::value& schema, Shapes& shapes) {
  return TypeKeywords(reader, schema, shapes).apply();
}

}  // namespace sixfold::grammar
