// Finds the most specific route: a literal segment beats {name}, which beats {name...}.
#include "net/router.h"

#include <algorithm>
#include <optional>
#include <utility>

namespace sixfold::net {
namespace {

using PathValues = std::vector<std::pair<std::string, std::string>>;

struct PatternMatch {
  PathValues values;
  std::string rank;  // one letter per segment: 'a' literal, 'b' {name}, 'c' {name...}; the smallest string wins
};

// Takes the first segment off `rest`; both begin with '/'.
std::string_view take_segment(std::string_view& rest) {
  const std::size_t end = rest.find('/', 1);
  const std::string_view segment = rest.substr(1, end == std::string_view::npos ? end : end - 1);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end);
  return segment;
}

std::optional<PatternMatch> match_pattern(std::string_view pattern, std::string_view path) {
  PatternMatch match;
  while (!pattern.empty()) {
    if (path.empty() || path.front() != '/') return std::nullopt;
    const std::string_view whole_rest = path.substr(1);
    const std::string_view want = take_segment(pattern);
    if (want.size() > 4 && want.front() == '{' && want.substr(want.size() - 4) == "...}") {
      if (whole_rest.empty()) return std::nullopt;
      match.values.emplace_back(want.substr(1, want.size() - 5), whole_rest);
      match.rank += 'c';
      return match;
    }
    const std::string_view got = take_segment(path);
    if (want.size() > 2 && want.front() == '{' && want.back() == '}') {
      if (got.empty()) return std::nullopt;
      match.values.emplace_back(want.substr(1, want.size() - 2), got);
      match.rank += 'b';
    } else {
      if (got != want) return std::nullopt;
      match.rank += 'a';
    }
  }
  if (!path.empty()) return std::nullopt;
  return match;
}

std::string join_methods(std::vector<std::string_view> methods) {
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end()) methods.emplace_back("HEAD");
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  std::string joined;
  for (const std::string_view method : methods) {
    if (!joined.empty()) joined += ", ";
    joined += method;
  }
  return joined;
}

}  // namespace

void Router::add(Route route) {
  if (route.pattern.find('{') == std::string::npos) {
    literal_.emplace(route.method + " " + route.pattern, routes_.size());
  }
  routes_.push_back(std::move(route));
}

Router::Match Router::match(std::string_view method, std::string_view path) const {
  Match best;
  // A path that is itself a pattern beats every other: most requests need no more than this.
  std::string key;
  key.reserve(method.size() + 1 + path.size());
  key += method;
  key += ' ';
  key += path;
  if (const auto found = literal_.find(key); found != literal_.end()) {
    best.route = &routes_[found->second];
    return best;
  }
  std::string best_rank;
  bool best_is_exact_method = false;
  std::vector<std::string_view> other_methods;
  for (const Route& route : routes_) {
    std::optional<PatternMatch> found = match_pattern(route.pattern, path);
    if (!found) continue;
    const bool is_exact_method = route.method == method;
    if (!is_exact_method && !(method == "HEAD" && route.method == "GET")) {
      other_methods.push_back(route.method);
      continue;
    }
    const bool is_better = best.route == nullptr || found->rank < best_rank ||
                           (found->rank == best_rank && is_exact_method && !best_is_exact_method);
    if (!is_better) continue;
    best.route = &route;
    best.path_values = std::move(found->values);
    best_rank = std::move(found->rank);
    best_is_exact_method = is_exact_method;
  }
  if (best.route == nullptr) best.allow = join_methods(std::move(other_methods));
  return best;
}

}  // namespace sixfold::net
