// Where the values of objects come from: the settings, or a chart that lets its user choose them.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "core/json.h"

namespace sixfold::deploy::kubernetes {

// The same objects are written out once with the values of the settings and once as a chart's templates.  One thread.
class Parameters {
 public:
  virtual ~Parameters() = default;
  // The value at `path` ("resources.memory"), where the settings say `own`.
  json::value value(std::string_view path, const std::string& own) { return choose(path, json::value(own)); }
  json::value value(std::string_view path, const char* own) { return choose(path, json::value(own)); }
  json::value value(std::string_view path, std::uint64_t own) { return choose(path, json::value(own)); }
  json::value value(std::string_view path, json::array own) { return choose(path, json::value(std::move(own))); }
  // What the objects are called, with a suffix ("-canary").
  virtual std::string name(std::string_view suffix = {}) = 0;

 private:
  virtual json::value choose(std::string_view path, json::value own) = 0;
};

// Those of the settings.
class OwnValues final : public Parameters {
 public:
  explicit OwnValues(std::string name) : name_(std::move(name)) {}
  std::string name(std::string_view suffix) override { return name_ + std::string(suffix); }

 private:
  json::value choose(std::string_view, json::value own) override { return own; }

  const std::string name_;
};

}  // namespace sixfold::deploy::kubernetes
