// Whether a shape has any value at all, and whether it has a given one.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "core/error.h"
#include "core/grammar_limits.h"
#include "grammar/json_text.h"
#include "grammar/regex.h"
#include "grammar/schema_reader.h"

namespace sixfold::grammar {
namespace {

// Deeper, nobody looks: then a schema counts as one that has values.
constexpr std::size_t kEmptinessDepthMax = 12;

std::uint64_t characters_in(std::string_view text) {
  return static_cast<std::uint64_t>(std::count_if(
      text.begin(), text.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

bool is_range_empty(const CountRange& range) {
  return range.least > range.most;
}

Result<Dfa> dfa_of_length(const CountRange& range) {
  constexpr std::uint64_t kLengthMax = limits::kGrammarRepeatMax;
  const std::uint64_t most = range.most == kNoLimit ? range.least : range.most;
  if (most > kLengthMax || range.least > kLengthMax) {
    return resource_exhausted("a length of {} beside a pattern, want at most {}", most, kLengthMax);
  }
  const std::string high = range.most == kNoLimit ? "" : std::to_string(range.most);
  return dfa_of_regex("[^]{" + std::to_string(range.least) + "," + high + "}", RegexUse::kWhole);
}

// Each state of the texts is needed for each length.  Where that is too much, longer texts are left out: those that
// stay are right, and a pattern with a large maxLength is seldom about the length.
Result<Dfa> texts_of_length(const Dfa& texts, CountRange range) {
  constexpr std::size_t kStatesMax = 6000;
  const std::optional<std::size_t> longest = longest_text(texts);
  if (longest && *longest <= range.most) range.most = kNoLimit;
  if (range.least == 0 && range.most == kNoLimit) return texts;
  while (range.most != kNoLimit && range.most / 2 > range.least && texts.states.size() * range.most > 8 * kStatesMax) {
    range.most /= 2;  // hopeless, and trying takes long
  }
  while (true) {
    Result<Dfa> length = dfa_of_length(range);
    if (!length) return length;
    Result<Dfa> both = intersect(texts, *length);
    const bool can_shrink = range.most != kNoLimit && range.most / 2 > range.least;
    if (!can_shrink || (both.is_ok() && both->states.size() <= kStatesMax)) return both;
    range.most /= 2;
  }
}

// Quick answers for the ranges that people write.
std::optional<bool> is_surely_empty(const NumberBounds& number) {
  if (!number.low || !number.high) return false;
  if (*number.low > *number.high) return true;
  const bool is_closed = !number.is_low_open && !number.is_high_open;
  if (*number.low == *number.high && !is_closed) return true;
  if (!number.only_integers) return false;
  if (is_closed && number.multiple == 1 && number.low->is_integer()) return false;
  return std::nullopt;
}

}  // namespace

Schemas SchemaReader::property_schemas(const ObjectShape& object, const std::string& name) {
  Schemas schemas;
  for (const ObjectShape::Layer& layer : object.layers) {
    if (layer.absent == name) schemas.push_back(&false_schema());
    const json::value* own = layer.properties == nullptr ? nullptr : layer.properties->if_contains(name);
    bool is_named = own != nullptr;
    if (is_named) schemas.push_back(own);
    for (const ObjectShape::Pattern& pattern : layer.patterns) {
      if (!matches(*pattern.names, name)) continue;
      schemas.push_back(pattern.schema);
      is_named = true;
    }
    if (!is_named && layer.others != nullptr) schemas.push_back(layer.others);
  }
  return normalized(std::move(schemas));
}

Schemas SchemaReader::item_schemas(const ArrayShape& array, std::size_t index) {
  Schemas schemas;
  for (const ArrayShape::Layer& layer : array.layers) {
    schemas.push_back(index < layer.front.size() ? layer.front[index] : layer.rest);
  }
  return normalized(std::move(schemas));
}

Result<std::shared_ptr<const Dfa>> SchemaReader::texts_of(const StringShape& string, bool with_length) {
  std::vector<std::shared_ptr<const Dfa>> parts = string.languages;
  const bool has_length = string.length.least > 0 || string.length.most != kNoLimit;
  if (parts.empty() && !(with_length && has_length)) return std::shared_ptr<const Dfa>();
  if (parts.empty()) {
    SIXFOLD_TRY(Dfa length, dfa_of_length(string.length));
    return std::make_shared<const Dfa>(std::move(length));
  }
  std::shared_ptr<const Dfa> texts = parts.front();
  for (std::size_t index = 1; index < parts.size(); ++index) {
    SIXFOLD_TRY(Dfa both, intersect(*texts, *parts[index]));
    SIXFOLD_TRY_STATUS(spend_on(both));
    texts = std::make_shared<const Dfa>(std::move(both));
  }
  if (!with_length || !has_length) return texts;
  SIXFOLD_TRY(Dfa both, texts_of_length(*texts, string.length));
  SIXFOLD_TRY_STATUS(spend_on(both));
  return std::make_shared<const Dfa>(std::move(both));
}

Result<std::shared_ptr<const Dfa>> SchemaReader::property_names(const ObjectShape& object) {
  const Schemas schemas = normalized(object.name_schemas);
  if (schemas.empty()) return std::shared_ptr<const Dfa>();
  SIXFOLD_TRY(const std::shared_ptr<const Shapes> shapes, read(schemas));
  // Alternatives are united by what neither leaves out: not (not a and not b).
  Dfa left_out = dfa_of_all();
  for (const Shape& shape : *shapes) {
    if ((shape.types & kStringBit) == 0) continue;
    Dfa own = dfa_of_all();
    if (shape.choices) {
      std::vector<std::string> names;
      for (const json::value* choice : *shape.choices) {
        if (choice->is_string()) names.emplace_back(choice->get_string().data(), choice->get_string().size());
      }
      own = dfa_of_texts(names);
    } else {
      SIXFOLD_TRY(const std::shared_ptr<const Dfa> texts, texts_of(shape.string, true));
      if (texts != nullptr) own = *texts;
    }
    SIXFOLD_TRY(left_out, subtract(left_out, own));
  }
  SIXFOLD_TRY(Dfa names, subtract(dfa_of_all(), left_out));
  return std::make_shared<const Dfa>(std::move(names));
}

Result<bool> SchemaReader::is_empty(const Schemas& schemas) {
  const Schemas key = normalized(schemas);
  if (key.empty()) return false;
  if (const auto known = known_empty_.find(key); known != known_empty_.end()) return known->second;
  if (emptiness_depth_ >= kEmptinessDepthMax) return false;
  // While it is looked at, and when it contains itself, it counts as not empty.
  known_empty_[key] = false;
  ++emptiness_depth_;
  const auto shapes = read(key);
  --emptiness_depth_;
  if (!shapes) return Error(shapes.error());
  known_empty_[key] = (*shapes)->empty();
  return (*shapes)->empty();
}

// Types of which the shape has no value are taken out first.
Status SchemaReader::remove_empty(Shapes& shapes) {
  Shapes kept;
  for (Shape& shape : shapes) {
    if (shape.choices) SIXFOLD_TRY_STATUS(drop_wrong_choices(shape));
    SIXFOLD_TRY(const bool is_gone, is_shape_empty(shape));
    if (!is_gone) kept.push_back(std::move(shape));
  }
  shapes = std::move(kept);
  return ok();
}

Status SchemaReader::drop_wrong_choices(Shape& shape) {
  std::vector<const json::value*> kept;
  SIXFOLD_TRY_STATUS(spend(shape.choices->size()));
  for (const json::value* choice : *shape.choices) {
    SIXFOLD_TRY(const bool is_good, has_parts(*choice, shape));
    if (is_good) kept.push_back(choice);
  }
  shape.choices = std::move(kept);
  return ok();
}

Result<bool> SchemaReader::is_shape_empty(const Shape& shape) {
  if (shape.choices) return shape.choices->empty();
  if ((shape.types & (kNullBit | kBooleanBit)) != 0) return false;
  if ((shape.types & kNumberBit) != 0) {
    std::optional<bool> is_gone = is_surely_empty(shape.number);
    if (!is_gone) {
      SIXFOLD_TRY(const Dfa numbers, dfa_of_numbers(shape.number));
      SIXFOLD_TRY_STATUS(spend_on(numbers));
      is_gone = grammar::is_empty(numbers);
    }
    if (!*is_gone) return false;
  }
  if ((shape.types & kStringBit) != 0 && !is_range_empty(shape.string.length)) {
    SIXFOLD_TRY(const std::shared_ptr<const Dfa> texts, texts_of(shape.string, !shape.string.languages.empty()));
    if (texts == nullptr || !grammar::is_empty(*texts)) return false;
  }
  if ((shape.types & kArrayBit) != 0 && !is_range_empty(shape.array.length)) {
    bool has_bad_item = false;
    std::size_t fronts = 0;
    for (const ArrayShape::Layer& layer : shape.array.layers) fronts = std::max(fronts, layer.front.size());
    const auto looked_at = std::min<std::uint64_t>(shape.array.length.least, fronts + 1);
    SIXFOLD_TRY_STATUS(spend(looked_at * (1 + shape.array.layers.size())));
    for (std::size_t index = 0; index < looked_at; ++index) {
      SIXFOLD_TRY(const bool is_bad, is_empty(item_schemas(shape.array, index)));
      has_bad_item = has_bad_item || is_bad;
    }
    if (!has_bad_item) return false;
  }
  if ((shape.types & kObjectBit) != 0 && !is_range_empty(shape.object.length) &&
      shape.object.required.size() <= shape.object.length.most) {
    bool has_bad_property = false;
    SIXFOLD_TRY_STATUS(spend(shape.object.required.size() * (1 + shape.object.layers.size())));
    for (const std::string& name : shape.object.required) {
      SIXFOLD_TRY(const bool is_bad, is_empty(property_schemas(shape.object, name)));
      has_bad_property = has_bad_property || is_bad;
    }
    if (!has_bad_property) return false;
  }
  return true;
}

Result<bool> SchemaReader::satisfies(const json::value& value, const Schemas& schemas) {
  SIXFOLD_TRY(const std::shared_ptr<const Shapes> shapes, read(schemas));
  for (const Shape& shape : *shapes) {
    SIXFOLD_TRY(const bool is_good, has_shape(value, shape));
    if (is_good) return true;
  }
  return false;
}

Result<bool> SchemaReader::has_shape(const json::value& value, const Shape& shape) {
  if (shape.choices) {
    SIXFOLD_TRY_STATUS(spend(shape.choices->size()));
    const auto is_same = [&](const json::value* choice) { return is_equal(*choice, value); };
    if (std::none_of(shape.choices->begin(), shape.choices->end(), is_same)) return false;
  }
  return has_parts(value, shape);
}

Result<bool> SchemaReader::has_parts(const json::value& value, const Shape& shape) {
  const unsigned type = type_bit_of(value);
  if ((shape.types & type) == 0) return false;
  const auto is_in = [](const CountRange& range, std::uint64_t count) {
    return count >= range.least && count <= range.most;
  };
  if (type == kNumberBit) return is_within(shape.number, decimal_of(value));
  if (type == kStringBit) {
    const std::string_view text(value.get_string().data(), value.get_string().size());
    SIXFOLD_TRY_STATUS(spend(text.size() / 16 * (1 + shape.string.languages.size())));
    return is_in(shape.string.length, characters_in(text)) &&
           std::all_of(shape.string.languages.begin(), shape.string.languages.end(),
                       [&](const auto& language) { return matches(*language, text); });
  }
  if (type == kArrayBit) {
    const json::array& array = value.get_array();
    if (!is_in(shape.array.length, array.size())) return false;
    SIXFOLD_TRY_STATUS(spend(array.size() * (1 + shape.array.layers.size())));
    for (std::size_t index = 0; index < array.size(); ++index) {
      SIXFOLD_TRY(const bool is_good, satisfies(array[index], item_schemas(shape.array, index)));
      if (!is_good) return false;
    }
  }
  if (type == kObjectBit) {
    const json::object& object = value.get_object();
    if (!is_in(shape.object.length, object.size())) return false;
    SIXFOLD_TRY_STATUS(spend(shape.object.required.size() + object.size() * (1 + shape.object.layers.size())));
    for (const std::string& name : shape.object.required) {
      if (!object.contains(name)) return false;
    }
    for (const auto& member : object) {
      const std::string name(member.key().data(), member.key().size());
      SIXFOLD_TRY(const bool is_good, satisfies(member.value(), property_schemas(shape.object, name)));
      if (!is_good) return false;
      if (normalized(shape.object.name_schemas).empty()) continue;
      SIXFOLD_TRY(const bool is_name, satisfies(json::value(member.key()), shape.object.name_schemas));
      if (!is_name) return false;
    }
  }
  return true;
}

}  // namespace sixfold::grammar
