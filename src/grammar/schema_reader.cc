// The keywords that combine schemas, and references.  Every keyword narrows or multiplies the list of shapes.
#include "grammar/schema_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "grammar/json_text.h"

namespace sixfold::grammar {
namespace {

constexpr std::size_t kReferencesMax = 64;  // that lead to one another

std::string escaped_pointer(std::string_view name) {
  std::string out;
  for (const char character : name) {
    if (character == '~') {
      out += "~0";
    } else if (character == '/') {
      out += "~1";
    } else {
      out += character;
    }
  }
  return out;
}

// The path from `from` to the very value `wanted`, as a JSON pointer.
std::optional<std::string> path_to(const json::value& from, const json::value& wanted) {
  if (&from == &wanted) return "";
  if (const json::object* object = from.if_object()) {
    for (const auto& member : *object) {
      const auto path = path_to(member.value(), wanted);
      if (path) return "/" + escaped_pointer({member.key().data(), member.key().size()}) + *path;
    }
  } else if (const json::array* array = from.if_array()) {
    for (std::size_t index = 0; index < array->size(); ++index) {
      const auto path = path_to((*array)[index], wanted);
      if (path) return fmt::format("/{}{}", index, *path);
    }
  }
  return std::nullopt;
}

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    int value = 0;
    for (const char digit : text.substr(at + 1, 2)) {
      if (digit >= '0' && digit <= '9') {
        value = value * 16 + (digit - '0');
      } else if (digit >= 'a' && digit <= 'f') {
        value = value * 16 + (digit - 'a' + 10);
      } else if (digit >= 'A' && digit <= 'F') {
        value = value * 16 + (digit - 'A' + 10);
      } else {
        return std::nullopt;
      }
    }
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

bool is_true(const json::value& schema) {
  return (schema.is_bool() && schema.get_bool()) || (schema.is_object() && schema.get_object().empty());
}

}  // namespace

const json::value& true_schema() {
  static const json::value kTrue(true);
  return kTrue;
}

const json::value& false_schema() {
  static const json::value kFalse(false);
  return kFalse;
}

unsigned type_bit_of(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return kNullBit;
    case json::kind::bool_:
      return kBooleanBit;
    case json::kind::string:
      return kStringBit;
    case json::kind::array:
      return kArrayBit;
    case json::kind::object:
      return kObjectBit;
    default:
      return kNumberBit;
  }
}

Schemas normalized(Schemas schemas) {
  std::erase_if(schemas, [](const json::value* schema) { return schema == nullptr || is_true(*schema); });
  std::sort(schemas.begin(), schemas.end());
  schemas.erase(std::unique(schemas.begin(), schemas.end()), schemas.end());
  return schemas;
}

Error SchemaReader::refusal(const json::value& schema, std::string_view keyword, std::string_view reason) const {
  const std::string where = path_to(document_, schema).value_or("(?)");
  if (keyword.empty()) return invalid_argument("schema: #{}: {}", where, reason);
  return invalid_argument("schema: #{}/{}: {}", where, escaped_pointer(keyword), reason);
}

Result<std::shared_ptr<const Shapes>> SchemaReader::read(const Schemas& schemas) {
  const Schemas key = normalized(schemas);
  if (const auto known = known_.find(key); known != known_.end()) return known->second;
  Shapes shapes(1);
  for (const json::value* schema : key) SIXFOLD_TRY_STATUS(apply(*schema, shapes, 0));
  SIXFOLD_TRY_STATUS(remove_empty(shapes));
  auto made = std::make_shared<const Shapes>(std::move(shapes));
  known_.emplace(key, made);
  return std::shared_ptr<const Shapes>(made);
}

Status SchemaReader::spend(std::size_t units) {
  work_ += units;
  return work_ <= limits::kSchemaWorkMax ? ok() : invalid_argument("schema: too large once its parts are combined");
}

Status SchemaReader::spend_on_copy(const Shapes& shapes) {
  std::size_t units = 0;
  for (const Shape& shape : shapes) {
    units += 1 + shape.object.required.size() + shape.object.layers.size() + shape.array.layers.size() +
             shape.string.languages.size() + (shape.choices ? shape.choices->size() : 0);
  }
  return spend(units);
}

Status SchemaReader::spend_on(const Dfa& dfa) {
  constexpr std::size_t kUnitsOfState = 20, kUnitsOfEdge = 4;
  return spend(kUnitsOfState * dfa.states.size() + kUnitsOfEdge * edges_of(dfa));
}

Status SchemaReader::apply(const json::value& schema, Shapes& shapes, std::size_t depth) {
  constexpr std::size_t kUnits = 50;  // for all keywords of a schema
  SIXFOLD_TRY_STATUS(spend(kUnits * (1 + shapes.size())));
  if (schema.is_bool()) {
    if (!schema.get_bool()) shapes.clear();
    return ok();
  }
  if (!schema.is_object()) {
    return invalid_argument("schema: #{}: want a schema, got {}", path_to(document_, schema).value_or("(?)"),
                            shown_json(schema));
  }
  return apply_object(schema, shapes, depth);
}

Result<std::shared_ptr<const Dfa>> SchemaReader::automaton(std::string_view pattern, RegexUse use) {
  constexpr std::size_t kAutomataMax = 256;
  const std::pair<RegexUse, std::string> key(use, pattern);
  if (const auto known = automata_.find(key); known != automata_.end()) return known->second;
  if (automata_.size() == kAutomataMax) return resource_exhausted("more than {} different patterns", kAutomataMax);
  SIXFOLD_TRY(Dfa dfa, dfa_of_regex(pattern, use));
  return automata_.emplace(key, std::make_shared<const Dfa>(std::move(dfa))).first->second;
}

Status SchemaReader::apply_object(const json::value& schema, Shapes& shapes, std::size_t depth) {
  const json::object& fields = schema.get_object();
  if (const json::value* dialect = fields.if_contains("$schema")) {
    const bool is_text = dialect->is_string();
    const std::string_view uri = is_text ? std::string_view(dialect->get_string()) : std::string_view();
    if (!uri.starts_with("http://json-schema.org/") && !uri.starts_with("https://json-schema.org/")) {
      return refusal(schema, "$schema", "only the drafts of json-schema.org are known, got " + shown_json(*dialect));
    }
  }
  for (const std::string_view keyword : {"$dynamicRef", "$recursiveRef"}) {
    if (fields.contains(keyword)) return refusal(schema, keyword, "only \"$ref\" is supported");
  }
  if (fields.contains("$id") && &schema != &document_) {
    return refusal(schema, "$id", "schemas within the schema cannot have names of their own");
  }
  if (fields.contains("if") && (fields.contains("then") || fields.contains("else"))) {
    return refusal(schema, "if", "cannot be enforced; use \"anyOf\"");
  }
  if (fields.contains("$ref")) SIXFOLD_TRY_STATUS(apply_reference(schema, shapes, depth));
  SIXFOLD_TRY_STATUS(apply_type_keywords(*this, schema, shapes));
  return apply_combinations(schema, shapes, depth);
}

Status SchemaReader::apply_reference(const json::value& schema, Shapes& shapes, std::size_t depth) {
  const json::value& reference = schema.get_object().at("$ref");
  if (depth >= kReferencesMax) return refusal(schema, "$ref", "references that lead to one another without end");
  if (!reference.is_string()) return refusal(schema, "$ref", "want a string");
  std::string_view text(reference.get_string().data(), reference.get_string().size());
  const json::value* id = document_.is_object() ? document_.get_object().if_contains("$id") : nullptr;
  if (id != nullptr && id->is_string() && !id->get_string().empty()) {
    const std::string_view own(id->get_string().data(), id->get_string().size());
    if (text.starts_with(own) && (text.size() == own.size() || text[own.size()] == '#')) {
      text.remove_prefix(own.size());
    }
  }
  const auto pointer = percent_decoded(text.starts_with('#') ? text.substr(1) : text);
  const bool is_local = text.empty() || text.starts_with('#');
  if (!is_local || !pointer || (!pointer->empty() && !pointer->starts_with('/'))) {
    return refusal(schema, "$ref",
                   fmt::format("only \"#\" and \"#/...\" are supported, got {}", shown_json(reference)));
  }
  const json::value* target = &document_;
  for (std::size_t at = 0; at < pointer->size();) {
    const std::size_t end = std::min(pointer->find('/', at + 1), pointer->size());
    std::string name;
    for (std::size_t index = at + 1; index < end; ++index) {
      const char character = (*pointer)[index];
      const bool is_escape = character == '~' && index + 1 < end;
      if (is_escape) ++index;
      name += !is_escape ? character : (*pointer)[index] == '1' ? '/' : '~';
    }
    at = end;
    const json::value* next = nullptr;
    if (const json::object* object = target->if_object()) {
      if (target != &document_ && object->contains("$id")) {
        return refusal(schema, "$ref", "leads into a schema with a name of its own");
      }
      next = object->if_contains(name);
    } else if (const json::array* array = target->if_array()) {
      const bool is_number = !name.empty() && name.size() < 9 && std::all_of(name.begin(), name.end(), [](char digit) {
        return digit >= '0' && digit <= '9';
      });
      if (is_number && std::stoul(name) < array->size()) next = &(*array)[std::stoul(name)];
    }
    if (next == nullptr) return refusal(schema, "$ref", fmt::format("{} leads nowhere", shown_json(reference)));
    target = next;
  }
  return apply(*target, shapes, depth + 1);
}

Status SchemaReader::apply_combinations(const json::value& schema, Shapes& shapes, std::size_t depth) {
  const json::object& fields = schema.get_object();
  for (const std::string_view keyword : {"allOf", "anyOf", "oneOf"}) {
    const json::value* list = fields.if_contains(keyword);
    if (list != nullptr && (!list->is_array() || list->get_array().empty())) {
      return refusal(schema, keyword, fmt::format("want a list of schemas, got {}", shown_json(*list)));
    }
  }
  if (const json::value* all = fields.if_contains("allOf")) {
    for (const json::value& part : all->get_array()) SIXFOLD_TRY_STATUS(apply(part, shapes, depth + 1));
  }
  for (const std::string_view keyword : {"dependentRequired", "dependentSchemas", "dependencies"}) {
    if (fields.contains(keyword)) SIXFOLD_TRY_STATUS(apply_dependencies(schema, keyword, shapes, depth));
  }
  if (fields.contains("anyOf")) SIXFOLD_TRY_STATUS(apply_any_of(schema, "anyOf", shapes, depth));
  if (fields.contains("oneOf")) SIXFOLD_TRY_STATUS(apply_one_of(schema, shapes, depth));
  if (fields.contains("not")) SIXFOLD_TRY_STATUS(apply_not(schema, shapes));
  return ok();
}

Status SchemaReader::apply_any_of(const json::value& schema, std::string_view keyword, Shapes& shapes,
                                  std::size_t depth) {
  Shapes together;
  for (const json::value& part : schema.get_object().at(keyword).get_array()) {
    SIXFOLD_TRY_STATUS(spend_on_copy(shapes));
    Shapes own = shapes;
    SIXFOLD_TRY_STATUS(apply(part, own, depth + 1));
    SIXFOLD_TRY_STATUS(remove_empty(own));
    std::move(own.begin(), own.end(), std::back_inserter(together));
    if (together.size() > limits::kSchemaAlternativesMax) {
      return refusal(
          schema, keyword,
          fmt::format("more than {} alternatives, once they are combined with others", limits::kSchemaAlternativesMax));
    }
  }
  shapes = std::move(together);
  return ok();
}

Status SchemaReader::require(const std::vector<std::string>& names, const json::value& schema, std::string_view keyword,
                             Shapes& shapes) {
  if (names.size() > limits::kSchemaPropertiesMax) {
    return refusal(schema, keyword, fmt::format("want at most {} names", limits::kSchemaPropertiesMax));
  }
  for (Shape& shape : shapes) {
    std::vector<std::string>& required = shape.object.required;
    SIXFOLD_TRY_STATUS(spend(required.size() + names.size()));
    std::unordered_set<std::string_view> there(required.begin(), required.end());
    std::vector<std::string> all;
    for (const std::string& name : names) {
      if (there.insert(name).second) all.push_back(name);
    }
    required.insert(required.end(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
  }
  return ok();
}

// Any of them, when no value can have two.
Status SchemaReader::apply_one_of(const json::value& schema, Shapes& shapes, std::size_t depth) {
  const json::array& parts = schema.get_object().at("oneOf").get_array();
  constexpr std::size_t kPartsMax = 64;  // each is held against each
  if (parts.size() > kPartsMax) return refusal(schema, "oneOf", fmt::format("want at most {} schemas", kPartsMax));
  for (std::size_t left = 0; left < parts.size(); ++left) {
    SIXFOLD_TRY_STATUS(spend_on_copy(shapes));
    Shapes own = shapes;
    SIXFOLD_TRY_STATUS(apply(parts[left], own, depth + 1));
    SIXFOLD_TRY_STATUS(remove_empty(own));
    for (std::size_t right = left + 1; right < parts.size(); ++right) {
      SIXFOLD_TRY_STATUS(spend_on_copy(own));
      Shapes both = own;
      SIXFOLD_TRY_STATUS(apply(parts[right], both, depth + 1));
      SIXFOLD_TRY_STATUS(remove_empty(both));
      if (both.empty()) continue;
      return refusal(schema, "oneOf",
                     fmt::format("a value could match number {} and number {}; use \"anyOf\", or make them differ in a "
                                 "type, a required constant or a range",
                                 left, right));
    }
  }
  return apply_any_of(schema, "oneOf", shapes, depth);
}

// What can be said without "not": other types, other choices, a property that is absent.
Status SchemaReader::apply_not(const json::value& schema, Shapes& shapes) {
  const json::value& negated = schema.get_object().at("not");
  if (is_true(negated)) {
    shapes.clear();
    return ok();
  }
  if (negated.is_bool()) return ok();
  const bool is_single = negated.is_object() && negated.get_object().size() == 1;
  const json::value* type = is_single ? negated.get_object().if_contains("type") : nullptr;
  const json::value* required = is_single ? negated.get_object().if_contains("required") : nullptr;
  if (type != nullptr) {
    Shapes named(1);
    SIXFOLD_TRY_STATUS(apply_type_keywords(*this, negated, named));
    const unsigned types = named[0].types;
    const bool splits_numbers = (types & kNumberBit) != 0 && named[0].number.only_integers;
    for (Shape& shape : shapes) {
      if (splits_numbers && (shape.types & kNumberBit) != 0) break;
      shape.types &= ~types;
    }
    const auto still = [&](const Shape& shape) { return (shape.types & types) != 0; };
    if (std::none_of(shapes.begin(), shapes.end(), still)) return ok();
  } else if (required != nullptr && required->is_array() && required->get_array().size() == 1 &&
             required->get_array()[0].is_string()) {
    const json::string& name = required->get_array()[0].get_string();
    for (Shape& shape : shapes) {
      shape.types &= kObjectBit;
      shape.object.layers.push_back({.absent = std::string(name.data(), name.size())});
    }
    return ok();
  }
  return refusal(schema, "not", "cannot be enforced, but for a type or one required property");
}

// Either the property is absent, or it is there with what it asks for.
Status SchemaReader::apply_dependencies(const json::value& schema, std::string_view keyword, Shapes& shapes,
                                        std::size_t depth) {
  const json::value& rules = schema.get_object().at(keyword);
  if (!rules.is_object()) return refusal(schema, keyword, fmt::format("want an object, got {}", shown_json(rules)));
  for (const auto& rule : rules.get_object()) {
    const std::string name(rule.key().data(), rule.key().size());
    SIXFOLD_TRY_STATUS(spend_on_copy(shapes));
    Shapes absent = shapes;
    Shapes present = shapes;
    for (Shape& shape : absent) shape.object.layers.push_back({.absent = name});
    for (Shape& shape : present) shape.types &= kObjectBit;
    SIXFOLD_TRY_STATUS(require({name}, schema, keyword, present));
    if (rule.value().is_array()) {
      std::vector<std::string> names;
      for (const json::value& other : rule.value().get_array()) {
        if (!other.is_string()) return refusal(schema, keyword, "want names");
        names.emplace_back(other.get_string().data(), other.get_string().size());
      }
      SIXFOLD_TRY_STATUS(require(names, schema, keyword, present));
    } else {
      SIXFOLD_TRY_STATUS(apply(rule.value(), present, depth + 1));
    }
    SIXFOLD_TRY_STATUS(remove_empty(absent));
    SIXFOLD_TRY_STATUS(remove_empty(present));
    shapes = std::move(absent);
    std::move(present.begin(), present.end(), std::back_inserter(shapes));
    if (shapes.size() > limits::kSchemaAlternativesMax) {
      return refusal(schema, keyword, fmt::format("more than {} alternatives", limits::kSchemaAlternativesMax));
    }
  }
  return ok();
}

}  // namespace sixfold::grammar
