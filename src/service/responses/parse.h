// Bodies of OpenAI's Responses API to requests.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/request.h"
#include "service/backend.h"
#include "service/error_body.h"

namespace sixfold::service {

struct ResponsesCall {
  GenerateRequest request;  // all but the conversation, which begins with what an earlier response left
  std::string instructions;
  std::vector<tokenizer::ChatMessage> input;
  std::vector<std::string> items;  // the input as JSON, one text for each item, all with ids
  std::string previous;            // id of the response that this one goes on from; empty: none
  std::optional<bool> thinks;      // nothing when the body does not say
  bool streams = false;
  bool stores = true;
  bool is_background = false;
  std::string echo;  // the settings as the answer repeats them: JSON members, without braces
};

// is_counting: a body of input_tokens.  sampling: of a body that does not say otherwise.
Parsed<ResponsesCall> parse_responses(std::string_view body, const engine::SamplingOptions& sampling = {},
                                      bool is_counting = false);

}  // namespace sixfold::service
