// What a chart's user can choose, and the marks in objects that become the templates' expressions.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/json.h"
#include "deploy/kubernetes/parameter.h"

namespace sixfold::deploy::kubernetes {

// Gives objects marks in place of values, collects the values and their schema, and turns the marks of an object that
// is written as YAML into expressions: only then is it known how a value is written.  One thread.
class ChartValues final : public Parameters {
 public:
  std::string name(std::string_view suffix) override;
  std::optional<json::value> count_without(std::string_view toggle, std::string_view path, std::uint64_t own,
                                           Range range) override;
  json::value computed(json::value own, std::string_view expression) override;

  // A value that nothing but the templates' conditions and helpers read.
  void add(std::string_view path, json::value own, json::object schema);
  // All of them, as in values.yaml.
  const json::object& values() const { return values_; }
  // JSON Schema, draft 7: what is said for each, and neither others nor fewer.
  json::object schema() const;
  // The object as a template.
  std::string template_of(const json::object& document) const;

 private:
  // kWithin: in the middle of a text; kAlone: the whole value; kBlock: more than one line, after its key.
  enum class Place { kWithin, kAlone, kBlock };
  struct Expression {
    std::string text;  // ".Values.image | quote"
    Place place;
    std::string toggle = {};  // that takes the line away while it is on; empty: none
  };

  json::value choose(std::string_view path, json::value own, json::object schema) override;
  std::string mark(Expression expression);
  // Null when the text between two marks is none of ours.
  const Expression* find(std::string_view number) const;
  std::string line_of(std::string_view line) const;

  json::object values_;
  json::object properties_;  // of the schema; those of the groups within are objects of their own
  std::vector<Expression> expressions_;
};

}  // namespace sixfold::deploy::kubernetes
