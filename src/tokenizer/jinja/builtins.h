// Filters, tests, methods and global functions.
#pragma once
#include <cstdint>
#include <string_view>

#include "core/result.h"
#include "tokenizer/jinja/value.h"

namespace sixfold::tokenizer::jinja {

// Applies a filter.  arguments.positional[0] is the filtered value.  Errors: invalid_argument (unknown filter, wrong
// kind).
Result<Value> apply_filter(std::string_view name, const Arguments& arguments);

// Runs a test.  arguments.positional[0] is the tested value.
Result<bool> apply_test(std::string_view name, const Arguments& arguments);

bool has_filter(std::string_view name);
bool has_test(std::string_view name);

// A method of a str or dict, bound to its object; undefined when there is none of that name.
Value bind_method(const Value& object, std::string_view name);

// range, namespace, dict, raise_exception, strftime_now, cycler-free: what chat templates may call.
Dict global_functions(std::int64_t now_unix_seconds);

// Python's [a:b:c] on a list or str; bounds may be none.
Result<Value> slice(const Value& subject, const Value& begin, const Value& end, const Value& step);

}  // namespace sixfold::tokenizer::jinja
