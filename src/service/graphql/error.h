// What is wrong with a request, in GraphQL's own shape.
#pragma once
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "service/graphql/document.h"

namespace sixfold::service::graphql {

struct GraphqlError {
  std::string message;
  std::vector<Location> locations;
  std::vector<std::string> path;  // of the field in the answer; empty before anything runs
  std::string code;               // "extensions": {"code": ...}
};

template <class T>
using Outcome = std::variant<T, GraphqlError>;  // index 1: what is wrong

inline GraphqlError error_at(Location where, std::string message) {
  return {std::move(message), {where}, {}, {}};
}

void append_errors(std::string& out, const std::vector<GraphqlError>& errors);

}  // namespace sixfold::service::graphql
