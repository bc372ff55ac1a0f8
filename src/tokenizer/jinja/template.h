// A compiled Jinja template, as chat models carry them.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "tokenizer/jinja/ast.h"
#include "tokenizer/jinja/value.h"

namespace sixfold::tokenizer::jinja {

struct RenderLimits {
  std::size_t steps = 4u << 20;  // expressions and statements evaluated
  std::size_t output_bytes = 16u << 20;
  int depth = 200;  // nested evaluation
};

// Immutable, thread-safe.  Source: Jinja 3.1 "Template Designer Documentation"; the environment is the one that the
// transformers library gives chat templates (trim_blocks, lstrip_blocks, loop controls, raise_exception, strftime_now).
class Template {
 public:
  // Errors: corrupt_data "line N: ...".
  static Result<Template> compile(std::string_view source);

  // now_unix_seconds: what strftime_now formats, as UTC.
  // Errors: invalid_argument: raise_exception's own words, or "line N: ..." for what the template may not do;
  // resource_exhausted when a limit is hit.
  Result<std::string> render(const Dict& variables, std::int64_t now_unix_seconds,
                             const RenderLimits& limits = {}) const;

 private:
  std::shared_ptr<const std::vector<Statement>> statements_;
};

}  // namespace sixfold::tokenizer::jinja
