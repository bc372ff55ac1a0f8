// Schemas come from clients: any JSON must become rules that compile, or end in an error, within the limits.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "core/json.h"
#include "grammar/grammar.h"
#include "grammar/schema_rules.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto schema = sixfold::parse_json(text, "schema");
  if (!schema.is_ok()) return 0;
  const auto rules = sixfold::grammar::rules_of_schema(*schema, "root");
  if (!rules.is_ok()) return 0;
  const auto grammar = sixfold::grammar::Grammar::compile(*rules);
  if (grammar.is_ok()) return 0;
  // Allowed: schemas that only values without end satisfy, and ones whose repetitions are too many.
  const std::string_view problem = grammar.error().message;
  const bool is_expected = problem.find("no text of finite length") != std::string_view::npos ||
                           problem.find("nodes here") != std::string_view::npos ||
                           problem.find("want at most") != std::string_view::npos;
  if (!is_expected) std::abort();
  return 0;
}
