// Bodies of POST /infill.
#pragma once
#include <string_view>

#include "service/backend.h"
#include "service/error_body.h"

namespace sixfold::service {

struct InfillCall {
  GenerateRequest request;  // its input is made from:
  tokenizer::InfillInput input;
  bool streams = false;
};

// sampling: of a body that does not say otherwise.
Parsed<InfillCall> parse_infill(std::string_view body, const engine::SamplingOptions& sampling = {});

}  // namespace sixfold::service
