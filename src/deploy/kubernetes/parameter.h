// Where the values of objects come from: the settings, or a chart that lets its user choose them.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/json.h"

namespace sixfold::deploy::kubernetes {

// Both ends belong to it.
struct Range {
  std::uint64_t least;
  std::uint64_t most;
};

// The same objects are written out once with the values of the settings and once as a chart's templates.  One thread.
class Parameters {
 public:
  virtual ~Parameters() = default;
  // The value at `path` ("ingress.host"), where the settings say `own`.  Others than the schema (JSON Schema) allows
  // are refused.
  json::value text(std::string_view path, const std::string& own) {
    return choose(path, json::value(own), {{"type", "string"}, {"minLength", 1}});
  }
  json::value any_text(std::string_view path, const std::string& own) {
    return choose(path, json::value(own), {{"type", "string"}});
  }
  // As Kubernetes has them ("500m", "4Gi"); a number is taken for the text that it looks like.
  json::value quantity(std::string_view path, const std::string& own) {
    return choose(path, json::value(own),
                  {{"type", json::array{"string", "number"}},
                   {"pattern", "^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$"},
                   {"exclusiveMinimum", 0}});
  }
  json::value count(std::string_view path, std::uint64_t own, Range range) {
    return choose(path, json::value(own), range_schema(range));
  }
  // A count that Kubernetes wants written as a text.
  json::value count_as_text(std::string_view path, std::uint64_t own, Range range) {
    choose(path, json::value(own), range_schema(range));
    return computed(json::value(std::to_string(own)), "int .Values." + std::string(path));
  }
  json::value texts(std::string_view path, json::array own) {
    return choose(path, json::value(std::move(own)), {{"type", "array"}, {"items", {{"type", "string"}}}});
  }
  // The same, where it only counts while `toggle` ("scaling.enabled"), which the settings switch on, is off.
  virtual std::optional<json::value> count_without(std::string_view toggle, std::string_view path, std::uint64_t own,
                                                   Range range) = 0;
  // What follows from other values: where these are the settings' own, it is `own`; a chart computes it by
  // `expression`, in the language of its templates.
  virtual json::value computed(json::value own, std::string_view expression) = 0;
  // What the objects are called, with a suffix ("-canary").
  virtual std::string name(std::string_view suffix = {}) = 0;

 protected:
  static json::object range_schema(Range range) {
    return {{"type", "integer"}, {"minimum", range.least}, {"maximum", range.most}};
  }

 private:
  virtual json::value choose(std::string_view path, json::value own, json::object schema) = 0;
};

// Those of the settings.
class OwnValues final : public Parameters {
 public:
  explicit OwnValues(std::string name) : name_(std::move(name)) {}
  std::optional<json::value> count_without(std::string_view, std::string_view, std::uint64_t, Range) override {
    return std::nullopt;
  }
  json::value computed(json::value own, std::string_view) override { return own; }
  std::string name(std::string_view suffix) override { return name_ + std::string(suffix); }

 private:
  json::value choose(std::string_view, json::value own, json::object) override { return own; }

  const std::string name_;
};

}  // namespace sixfold::deploy::kubernetes
