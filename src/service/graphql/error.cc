// {"message", "locations", "path", "extensions"}.
#include "service/graphql/error.h"

#include "service/json.h"

namespace sixfold::service::graphql {
namespace {

void append_error(std::string& out, const GraphqlError& error) {
  out += R"({"message":)";
  append_json_string(out, error.message);
  if (!error.locations.empty()) {
    out += R"(,"locations":[)";
    for (std::size_t i = 0; i < error.locations.size(); ++i) {
      out += i > 0 ? R"(,{"line":)" : R"({"line":)";
      append_json_integer(out, error.locations[i].line);
      out += R"(,"column":)";
      append_json_integer(out, error.locations[i].column);
      out += '}';
    }
    out += ']';
  }
  if (!error.path.empty()) {
    out += R"(,"path":[)";
    for (std::size_t i = 0; i < error.path.size(); ++i) {
      if (i > 0) out += ',';
      append_json_string(out, error.path[i]);
    }
    out += ']';
  }
  if (!error.code.empty()) {
    out += R"(,"extensions":{"code":)";
    append_json_string(out, error.code);
    out += '}';
  }
  out += '}';
}

}  // namespace

void append_errors(std::string& out, const std::vector<GraphqlError>& errors) {
  out += '[';
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (i > 0) out += ',';
    append_error(out, errors[i]);
  }
  out += ']';
}

}  // namespace sixfold::service::graphql
