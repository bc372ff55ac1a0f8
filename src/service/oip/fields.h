// Request bodies and paths of the Open Inference Protocol, version 2.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/backend.h"
#include "service/error_body.h"
#include "service/oip/tensor.h"

namespace sixfold::service {

inline constexpr std::string_view kOipVersion = "1";  // of every model

// Names of tensors.
inline constexpr std::string_view kOipText = "text_input";
inline constexpr std::string_view kOipPair = "text_pair";  // judged together with a text
inline constexpr std::string_view kOipAnswer = "text_output";
inline constexpr std::string_view kOipEmbedding = "embedding";
inline constexpr std::string_view kOipLogits = "logits";

// "/v2/models/NAME[/versions/VERSION][/VERB]"; the name may have slashes.
struct OipTarget {
  std::string model;
  std::string version;  // empty: any
  std::string verb;     // "", "ready", "infer", "generate" or "generate_stream"
};
OipTarget oip_target(std::string_view path);

struct OipInferCall {
  std::string id;
  std::vector<std::string> texts;
  std::vector<std::string> pairs;  // one for each text, or none
  std::string output;              // the tensor that is asked for
  GenerateRequest shared;          // of every text; of a model that generates
  std::size_t dimensions = 0;      // as EmbedRequest's
  bool truncates = false;
};

// Of a model of tensors.
struct OipTensorCall {
  std::string id;
  TensorRequest request;
};

struct OipGenerateCall {
  std::string id;
  GenerateRequest request;
  bool wants_details = false;
};

// description: of the model that is served.
Parsed<OipInferCall> parse_oip_infer(std::string_view body, const BackendDescription& description);
Parsed<OipTensorCall> parse_oip_tensors(std::string_view body);
Parsed<OipGenerateCall> parse_oip_generate(std::string_view body, bool streams,
                                           const engine::SamplingOptions& sampling);

}  // namespace sixfold::service
