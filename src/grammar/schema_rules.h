// JSON Schema as a grammar.
#pragma once
#include <string>
#include <string_view>

#include "core/json.h"
#include "core/result.h"

namespace sixfold::grammar {

// Rules of GBNF for exactly the JSON texts of values that satisfy the schema, as far as docs/structured_output.md says:
// members in the schema's order, others behind them; numbers of bounded length; and little space between parts.  The
// first rule is `rule_name`; the others' names begin with it and a hyphen, so several can stand in one grammar.
// Errors: invalid_argument "schema: #/where/keyword: ..." for a keyword of JSON Schema that cannot be enforced, a wrong
// one, and a schema that no value satisfies or that becomes too large.  Unknown keywords and annotations are ignored.
Result<std::string> rules_of_schema(const json::value& schema, std::string_view rule_name);

}  // namespace sixfold::grammar
