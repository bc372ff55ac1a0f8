// A place in tokenizer.json: typed reads whose errors name the place.
#pragma once
#include <boost/json.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/error.h"
#include "core/result.h"

namespace sixfold::tokenizer::hf {

// A view; the parsed document must outlive it.  All errors: corrupt_data.
class JsonNode {
 public:
  // path: "model.vocab", for messages; empty for the whole document.
  JsonNode(const boost::json::value& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const boost::json::value& value() const { return *value_; }

  // Fields of an object.  find() takes null for absent.
  Result<JsonNode> get(std::string_view name) const;
  std::optional<JsonNode> find(std::string_view name) const;
  Result<std::string_view> string(std::string_view name) const;
  Result<std::string_view> string_or(std::string_view name, std::string_view fallback) const;
  Result<bool> flag_or(std::string_view name, bool fallback) const;
  Result<std::uint64_t> count_or(std::string_view name, std::uint64_t fallback) const;
  Result<std::string_view> type() const { return string("type"); }

  // The node itself.
  Result<const boost::json::object*> object() const;
  Result<const boost::json::array*> array() const;
  Result<std::string_view> text() const;
  Result<std::uint64_t> count() const;
  JsonNode element(std::size_t index) const;  // of an array that has it

  // "tokenizer.json: model.vocab: want an object, got a string"
  Error wrong(std::string_view want) const;
  // "tokenizer.json: model.vocab: " and the message
  Error error(std::string_view message) const;

 private:
  const boost::json::value* value_;
  std::string path_;
};

}  // namespace sixfold::tokenizer::hf
