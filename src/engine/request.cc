// Range checks of a request, before any model is asked.
#include "engine/request.h"

#include <cmath>

#include "core/error.h"
#include "core/limits.h"

namespace sixfold::engine {
namespace {

// Written so that NaN fails every range.
bool is_within(float value, float low, float high) {
  return value >= low && value <= high;
}

bool is_fraction(float value) {
  return value > 0.0f && value <= 1.0f;
}

Status validate_stop(const std::vector<std::string>& stop) {
  if (stop.size() > limits::kStopStringsMax) {
    return invalid_argument("stop: {} strings, want at most {}", stop.size(), limits::kStopStringsMax);
  }
  for (const std::string& text : stop) {
    if (text.empty() || text.size() > limits::kStopStringBytesMax) {
      return invalid_argument("stop: a string of {} bytes, want 1 to {}", text.size(), limits::kStopStringBytesMax);
    }
    // A match that began inside a character would cut the text there.
    if ((static_cast<unsigned char>(text[0]) & 0xC0u) == 0x80u) {
      return invalid_argument("stop: a string that begins in the middle of a UTF-8 character");
    }
  }
  return ok();
}

}  // namespace

Status validate(const SamplingOptions& options) {
  if (!is_within(options.temperature, 0.0f, 10.0f)) {
    return invalid_argument("temperature: {}, want 0 to 10", options.temperature);
  }
  if (!is_fraction(options.top_p)) return invalid_argument("top_p: {}, want above 0, at most 1", options.top_p);
  if (!(options.min_p >= 0.0f && options.min_p < 1.0f)) {
    return invalid_argument("min_p: {}, want 0 to below 1", options.min_p);
  }
  if (!is_fraction(options.typical_p)) {
    return invalid_argument("typical_p: {}, want above 0, at most 1", options.typical_p);
  }
  if (!(options.repetition_penalty > 0.0f && options.repetition_penalty <= 10.0f)) {
    return invalid_argument("repetition_penalty: {}, want above 0, at most 10", options.repetition_penalty);
  }
  if (!is_within(options.presence_penalty, -2.0f, 2.0f)) {
    return invalid_argument("presence_penalty: {}, want -2 to 2", options.presence_penalty);
  }
  if (!is_within(options.frequency_penalty, -2.0f, 2.0f)) {
    return invalid_argument("frequency_penalty: {}, want -2 to 2", options.frequency_penalty);
  }
  if (options.logit_bias.size() > limits::kLogitBiasMax) {
    return invalid_argument("logit_bias: {} tokens, want at most {}", options.logit_bias.size(), limits::kLogitBiasMax);
  }
  for (const auto& [token, bias] : options.logit_bias) {
    if (!is_within(bias, -1000.0f, 1000.0f)) {
      return invalid_argument("logit_bias: {} for token {}, want -1000 to 1000", bias, token);
    }
  }
  return ok();
}

Status validate(const EngineRequest& request) {
  SIXFOLD_TRY_STATUS(validate(request.sampling));
  if (request.prompt.empty()) return invalid_argument("prompt: no tokens, want at least 1");
  if (request.choices < 1 || request.choices > limits::kChoicesMax) {
    return invalid_argument("n: {} choices, want 1 to {}", request.choices, limits::kChoicesMax);
  }
  if (request.logprobs > limits::kLogprobsMax) {
    return invalid_argument("logprobs: {} alternatives, want at most {}", request.logprobs, limits::kLogprobsMax);
  }
  if (!std::isfinite(request.adapter_scale)) {
    return invalid_argument("adapter scale: {}, want a number", request.adapter_scale);
  }
  return validate_stop(request.stop);
}

std::string_view to_string(FinishReason reason) {
  switch (reason) {
    case FinishReason::kNone:
      return "";
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kCancelled:
      return "cancelled";
    case FinishReason::kError:
      return "error";
  }
  return "";
}

}  // namespace sixfold::engine
