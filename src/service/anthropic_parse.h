// Bodies of Anthropic's Messages API to requests.
#pragma once
#include <optional>
#include <string_view>

#include "engine/request.h"
#include "service/backend.h"
#include "service/error_body.h"

namespace sixfold::service {

struct MessagesCall {
  GenerateRequest request;
  bool streams = false;
  // Whether thinking was asked for; nothing when the body does not say.
  std::optional<bool> thinks;
};

// is_counting: a body of count_tokens, which needs no max_tokens and samples nothing.
// sampling: of a body that does not say otherwise.
Parsed<MessagesCall> parse_messages(std::string_view body, const engine::SamplingOptions& sampling = {},
                                    bool is_counting = false);

}  // namespace sixfold::service
