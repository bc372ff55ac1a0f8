// Method and path to handler.  The same table makes the OpenAPI document and the metric labels.
#pragma once
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/http.h"

namespace sixfold::net {

struct Route {
  std::string method;   // "POST"
  std::string pattern;  // "/v1/models/{model}"; {name} matches one segment, {name...} the rest
  Handler handler;
};

// Immutable once serving; thread-safe.
class Router {
 public:
  void add(Route route);

  struct Match {
    const Route* route = nullptr;  // null: no such path, or another method
    std::vector<std::pair<std::string, std::string>> path_values;
    std::string allow;  // when the path exists under other methods: "GET, POST", for 405
  };
  // HEAD finds GET routes.
  Match match(std::string_view method, std::string_view path) const;

 private:
  std::vector<Route> routes_;
  std::unordered_map<std::string, std::size_t> literal_;  // "POST /v1/models", of patterns without {name}
};

}  // namespace sixfold::net
