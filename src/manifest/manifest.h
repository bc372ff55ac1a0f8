// sixfold.yaml: what to run and how, read and checked.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.h"
#include "manifest/section.h"

namespace sixfold::manifest {

// Only what was written is set; flags and environment variables win over all of it.
struct Serve {
  std::optional<std::string> host;
  std::optional<std::uint64_t> port;
  std::optional<std::uint64_t> threads;
  std::optional<std::uint64_t> context;     // tokens of one request
  std::optional<std::uint64_t> parallel;    // sequences at once
  std::optional<std::string> kv_dtype;      // "i16", "f16", "bf16" or "f32"
  std::optional<std::uint64_t> queue;       // waiting requests
  std::optional<std::uint64_t> batch_rows;  // of predictions in one run of an ONNX model
  std::optional<std::string> speculation;   // "auto" or "off"
  std::optional<std::string> weight_cache;  // "auto", "off" or a folder
};

struct Manifest {
  std::optional<std::string> name;
  std::optional<std::string> model_source;
  std::optional<std::string> model_sha256;                 // lower-case hex; deploy::ContentHashes says of what
  std::optional<std::string> model_weights;                // "stored", "bf16", "q8_0" or "q4_0"
  std::optional<std::vector<std::string>> model_adapters;  // each as after --lora
  Serve serve;
  // What stands under "targets", read by those who deploy.
  std::vector<std::pair<std::string, SectionText>> targets;

  const SectionText* target(std::string_view wanted) const;  // null when there is none of that name
};

// Errors: corrupt_data "FILE:LINE: ..." for YAML that does not parse, an unknown key (with the nearest known one), a
// value of the wrong kind or out of range.
Result<Manifest> parse_manifest(std::string_view text, std::string_view file_name);

// Errors: as parse_manifest, and not_found.
Result<Manifest> read_manifest(const std::string& path);

}  // namespace sixfold::manifest
