// Reads the keys one by one; the ranges are those of requests.
#include "engine/recommended_sampling.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.h"

namespace sixfold::engine {
namespace {

// Source of the keys: llama.cpp, src/llama-arch.cpp, LLM_KV_GENERAL_SAMPLING_*.
constexpr std::pair<std::string_view, float SamplingOptions::*> kNumbers[] = {
    {"general.sampling.temp", &SamplingOptions::temperature},
    {"general.sampling.top_p", &SamplingOptions::top_p},
    {"general.sampling.min_p", &SamplingOptions::min_p},
    {"general.sampling.penalty_repeat", &SamplingOptions::repetition_penalty}};
constexpr std::string_view kTopK = "general.sampling.top_k";

}  // namespace

Result<std::optional<SamplingOptions>> read_recommended_sampling(const formats::Checkpoint& checkpoint) {
  SamplingOptions options;
  bool is_said = false;
  for (const auto& [key, member] : kNumbers) {
    if (checkpoint.find(key) == nullptr) continue;
    SIXFOLD_TRY(const double number, checkpoint.number(key));
    options.*member = static_cast<float>(number);
    is_said = true;
  }
  if (checkpoint.find(kTopK) != nullptr) {
    SIXFOLD_TRY(const std::uint64_t count, checkpoint.unsigned_integer(kTopK));
    options.top_k =
        static_cast<std::uint32_t>(std::min<std::uint64_t>(count, std::numeric_limits<std::uint32_t>::max()));
    is_said = true;
  }
  if (!is_said) return std::optional<SamplingOptions>();
  if (const Status valid = validate(options); !valid.is_ok()) {
    return corrupt_data("{}: recommended sampling: {}", checkpoint.path(), valid.error().message);
  }
  return std::optional<SamplingOptions>(std::move(options));
}

std::string summary_of(const SamplingOptions& options) {
  const SamplingOptions plain;
  std::string text;
  const auto add = [&](std::string_view name, auto value, auto usual) {
    if (value != usual) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, value);
  };
  add("temperature", options.temperature, plain.temperature);
  add("top_k", options.top_k, plain.top_k);
  add("top_p", options.top_p, plain.top_p);
  add("min_p", options.min_p, plain.min_p);
  add("typical_p", options.typical_p, plain.typical_p);
  add("repetition_penalty", options.repetition_penalty, plain.repetition_penalty);
  add("presence_penalty", options.presence_penalty, plain.presence_penalty);
  add("frequency_penalty", options.frequency_penalty, plain.frequency_penalty);
  return text.empty() ? "plain" : text;
}

}  // namespace sixfold::engine
