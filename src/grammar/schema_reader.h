// Reads JSON Schemas into shapes, and refuses what shapes cannot say.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "grammar/regex.h"
#include "grammar/schema_shape.h"

namespace sixfold::grammar {

using Shapes = std::vector<Shape>;

// One document, which must outlive it.  One thread.
class SchemaReader {
 public:
  explicit SchemaReader(const json::value& document) : document_(document) {}

  // The shapes of values that satisfy all the schemas, without those that provably no value has.  None: no value does.
  // Errors: invalid_argument "schema: #/path/keyword: ...".
  Result<std::shared_ptr<const Shapes>> read(const Schemas& schemas);

  // What a property of that name, or item number `index`, must satisfy.
  static Schemas property_schemas(const ObjectShape& object, const std::string& name);
  static Schemas item_schemas(const ArrayShape& array, std::size_t index);

  // Provably without any value; false may also mean that nobody knows.
  Result<bool> is_empty(const Schemas& schemas);
  Result<bool> has_shape(const json::value& value, const Shape& shape);
  Result<bool> satisfies(const json::value& value, const Schemas& schemas);

  // The names that the shape's propertyNames allow; null: all.
  Result<std::shared_ptr<const Dfa>> property_names(const ObjectShape& object);
  // The texts of the string shape but for its length when that is left out; null: all.
  Result<std::shared_ptr<const Dfa>> texts_of(const StringShape& string, bool with_length);

  // A pattern's automaton, made once.  Errors: as dfa_of_regex; resource_exhausted for too many patterns.
  Result<std::shared_ptr<const Dfa>> automaton(std::string_view pattern, RegexUse use);

  // Counts work, so that no schema takes long; a unit is a name or a choice that is looked at.
  // Errors: invalid_argument when it has become too much.
  Status spend(std::size_t units);

  // Adds to the required properties of every shape those of the names that are not there yet.  keyword: who says so.
  Status require(const std::vector<std::string>& names, const json::value& schema, std::string_view keyword,
                 Shapes& shapes);

  // "schema: #/where/keyword: reason".
  Error refusal(const json::value& schema, std::string_view keyword, std::string_view reason) const;

 private:
  Status apply(const json::value& schema, Shapes& shapes, std::size_t depth);
  Status apply_object(const json::value& schema, Shapes& shapes, std::size_t depth);
  Status apply_reference(const json::value& schema, Shapes& shapes, std::size_t depth);
  Status apply_combinations(const json::value& schema, Shapes& shapes, std::size_t depth);
  Status apply_one_of(const json::value& schema, Shapes& shapes, std::size_t depth);
  Status apply_any_of(const json::value& schema, std::string_view keyword, Shapes& shapes, std::size_t depth);
  Status apply_not(const json::value& schema, Shapes& shapes);
  Status apply_dependencies(const json::value& schema, std::string_view keyword, Shapes& shapes, std::size_t depth);
  Status spend_on_copy(const Shapes& shapes);
  Status spend_on(const Dfa& dfa);
  Status remove_empty(Shapes& shapes);
  Result<bool> is_shape_empty(const Shape& shape);
  Status drop_wrong_choices(Shape& shape);
  // But for the shape's choices.
  Result<bool> has_parts(const json::value& value, const Shape& shape);

  const json::value& document_;
  std::map<Schemas, std::shared_ptr<const Shapes>> known_;
  std::map<Schemas, bool> known_empty_;
  std::map<std::pair<RegexUse, std::string>, std::shared_ptr<const Dfa>> automata_;
  std::size_t emptiness_depth_ = 0;
  std::size_t work_ = 0;
};

// Schemas as a key: sorted, each once, without those that allow everything.
Schemas normalized(Schemas schemas);

// The keywords about values of one type, in schema_types.cc; they narrow every shape.
Status apply_type_keywords(SchemaReader& reader, const json::value& schema, Shapes& shapes);

const json::value& true_schema();
const json::value& false_schema();

}  // namespace sixfold::grammar
