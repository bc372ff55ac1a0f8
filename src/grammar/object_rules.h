// Objects of a JSON Schema as rules.
#pragma once
#include <string>
#include <string_view>

#include "core/result.h"
#include "grammar/schema_reader.h"

namespace sixfold::grammar {

// Where the rules of a schema are written to, and what they are called.
class ValueRules {
 public:
  virtual ~ValueRules() = default;
  virtual Result<std::string> rule_of(const Schemas& schemas) = 0;  // the name of the rule for such values
  virtual std::string new_name() = 0;
  virtual std::string helper(std::string_view name) const = 0;  // of json_helper_rules
  virtual std::string& out() = 0;
  virtual SchemaReader& reader() = 0;
};

// An expression for the objects of the shape; nothing when there is none.  Members come in the order of their layers,
// then required ones that no layer names, then all others, which may repeat a name among themselves.
// Errors: invalid_argument for what cannot be enforced, resource_exhausted.
Result<std::string> object_rule(ValueRules& rules, const ObjectShape& object);

}  // namespace sixfold::grammar
