// The kinds of models that a folder may hold: how each one's config.json and tensors become GGUF's.
#pragma once
#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "formats/huggingface/config_reader.h"
#include "formats/huggingface/tensor_names.h"

namespace sixfold::formats::huggingface {

// What config.json becomes.
struct ModelFacts {
  std::vector<MetadataEntry> metadata;  // "<architecture>.*" keys, without the prefix
  // Frequency divisors of rotary pairs that GGUF keeps as tensors, by name.
  std::vector<std::pair<std::string, std::vector<double>>> rope_factors;
  std::uint64_t layers = 0;
  std::uint64_t vocabulary = 0;
  std::uint64_t padding_rows = 0;  // of positions, in front of those that are used
  std::uint64_t token_types = 0;   // of encoders
  bool is_tied = false;            // the embedding serves as output
  bool wants_output = false;       // a matrix of its own, unless it is tied
  bool has_classifier = false;

  void add(std::string_view key, MetadataValue value) { metadata.push_back({std::string(key), std::move(value)}); }
};

struct Family {
  std::string_view model_type;    // of config.json
  std::string_view architecture;  // GGUF's
  Result<ModelFacts> (*read_config)(const ConfigReader& config);
  std::string_view prefix;  // of tensor names
  std::array<std::span<const NameRule>, 3> names;
  // GGUF's architecture means neighbours to rotate together, and its converters reorder the rows of queries and keys
  // for that.  Here they stay as they are, and the metadata says so.
  bool has_rope_halves = false;
  // Norms are stored as their distance from 1.
  bool has_norm_offsets = false;
  std::string_view pretokenizer = {};  // tokenizer.ggml.pre of a folder with vocab.json and merges.txt only
};

std::span<const Family> families();

// The family of a config.json.  Errors: corrupt_data (no model_type), invalid_argument (none of ours; lists them).
Result<const Family*> find_family(const ConfigReader& config);

}  // namespace sixfold::formats::huggingface
