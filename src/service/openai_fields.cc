// The fields that chat and completions share, and the rules for those that nobody reads.
#include "service/openai_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>

#include "core/error.h"
#include "core/limits.h"
#include "service/output_rule_fields.h"

namespace sixfold::service {
namespace {

constexpr std::int64_t kTokensMax = static_cast<std::int64_t>(limits::kContextMax);

bool asks_for_nothing(const json::value& value) {
  switch (value.kind()) {
    case json::kind::null:
      return true;
    case json::kind::bool_:
      return !value.get_bool();
    case json::kind::string:
      return value.get_string().empty();
    case json::kind::array:
      return value.get_array().empty();
    case json::kind::object:
      return value.get_object().empty();
    default:
      return false;
  }
}

// Levenshtein distance, for short names.
std::size_t distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < left.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 0; j < right.size(); ++j) {
      const std::size_t replaced = diagonal + (left[i] == right[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string unknown_reason(std::string_view name, const std::vector<std::string_view>& known) {
  std::string reason = "no such field";
  if (name.size() > 40) return reason;
  std::string_view nearest;
  std::size_t best = 3;  // more than two changed letters is another word
  for (const std::string_view candidate : known) {
    const std::size_t changes = distance(name, candidate);
    if (changes < best) {
      best = changes;
      nearest = candidate;
    }
  }
  if (!nearest.empty()) reason += fmt::format("; did you mean \"{}\"?", nearest);
  return reason;
}

void read_logit_bias(FieldReader& reader, engine::SamplingOptions& sampling) {
  const json::object* bias = reader.object("logit_bias");
  if (bias == nullptr) return;
  if (bias->size() > limits::kLogitBiasMax) {
    reader.refuse("logit_bias", fmt::format("want at most {} tokens, got {}", limits::kLogitBiasMax, bias->size()));
    return;
  }
  for (const auto& entry : *bias) {
    const std::string_view key(entry.key().data(), entry.key().size());
    TokenId token = -1;
    const auto parsed = std::from_chars(key.data(), key.data() + key.size(), token);
    if (parsed.ec != std::errc() || parsed.ptr != key.data() + key.size() || token < 0) {
      reader.refuse("logit_bias", "token ids as keys", json::value(entry.key()));
      return;
    }
    json::error_code failure;
    const double value =
        entry.value().is_number() ? entry.value().to_number<double>(failure) : std::numeric_limits<double>::quiet_NaN();
    if (!(value >= -100 && value <= 100)) {
      reader.refuse("logit_bias", "numbers between -100 and 100", entry.value());
      return;
    }
    sampling.logit_bias.emplace_back(token, static_cast<float>(value));
  }
}

// llama.cpp's list of adapters by number.
void read_adapters(FieldReader& reader, std::vector<AdapterChoice>& adapters) {
  const json::array* array = reader.array("lora");
  if (array == nullptr) return;
  if (array->size() > limits::kAdaptersMax) {
    reader.refuse("lora", fmt::format("want at most {} adapters, got {}", limits::kAdaptersMax, array->size()));
    return;
  }
  for (const json::value& item : *array) {
    if (!item.is_object()) return reader.refuse("lora", "objects with \"id\" and \"scale\"", item);
    FieldReader choice(item.get_object(), "lora");
    check_fields(choice, {"id", "scale"}, {});
    const auto id = choice.integer("id", 0, std::numeric_limits<std::int64_t>::max());
    const auto scale = choice.number("scale", -1000, 1000);
    if (!choice.is_ok()) return reader.refuse(*choice.refusal());
    if (!id || !scale) return reader.refuse("lora", "objects with \"id\" and \"scale\"", item);
    adapters.push_back({static_cast<std::uint64_t>(*id), static_cast<float>(*scale)});
  }
}

// Reads a probability in (0, 1]; 0, which OpenAI allows, means the likeliest token only.
void read_share(FieldReader& reader, std::string_view name, float& share) {
  if (const auto value = reader.number(name, 0, 1)) {
    share = std::max(static_cast<float>(*value), std::numeric_limits<float>::min());
  }
}

void read_float(FieldReader& reader, std::string_view name, double min, double max, float& out) {
  if (const auto value = reader.number(name, min, max)) out = static_cast<float>(*value);
}

}  // namespace

void check_fields(FieldReader& reader, const std::vector<std::string_view>& known,
                  const std::vector<FieldRule>& rules) {
  for (const auto& entry : reader.fields()) {
    const std::string_view name(entry.key().data(), entry.key().size());
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    const auto rule =
        std::find_if(rules.begin(), rules.end(), [&](const FieldRule& candidate) { return candidate.name == name; });
    if (rule == rules.end()) {
      reader.refuse(name, unknown_reason(name, known));
      return;
    }
    if (rule->refusal.empty() || asks_for_nothing(entry.value())) continue;
    const std::string text = json::serialize(entry.value());
    if (std::find(rule->harmless.begin(), rule->harmless.end(), text) != rule->harmless.end()) continue;
    reader.refuse(Refusal{invalid_argument("\"{}\": {}", reader.path_of(name), rule->refusal), reader.path_of(name),
                          "unsupported_parameter"});
    return;
  }
}

const std::vector<FieldRule>& common_rules() {
  static const std::vector<FieldRule> kRules = {
      // For the caller's own bookkeeping.
      {"user", "", {}},
      {"safety_identifier", "", {}},
      {"metadata", "", {}},
      {"store", "", {}},
      {"service_tier", "", {}},
      // About speed only.
      {"prompt_cache_key", "", {}},
      {"prompt_cache_retention", "", {}},
      {"prediction", "", {}},
      {"cache_prompt", "", {}},
      {"parallel_tool_calls", "", {}},
      // What this server cannot do, unless the value asks for nothing.
      {"tools", "tools need a conversation: use /v1/chat/completions", {}},
      {"tool_choice", "tools need a conversation: use /v1/chat/completions", {R"("none")", R"("auto")"}},
      {"functions", "functions are not supported, use \"tools\"", {}},
      {"function_call", "functions are not supported, use \"tool_choice\"", {R"("none")", R"("auto")"}},
      {"audio", "audio is not supported", {}},
      {"modalities", "only [\"text\"] is supported", {R"(["text"])"}},
      {"reasoning_effort", "reasoning needs a conversation: use /v1/chat/completions", {R"("none")"}},
      {"verbosity", "verbosity levels are not supported", {R"("medium")"}},
      {"web_search_options", "web search is not supported", {}},
      {"chat_template", "a request cannot bring its own chat template", {}},
      {"chat_template_kwargs", "chat template arguments need a conversation: use /v1/chat/completions", {}},
      {"stop_token_ids", "stop tokens are not supported; use \"stop\" with their text", {}},
      {"min_tokens", "a minimum length is not supported", {"0"}},
  };
  return kRules;
}

const std::vector<std::string_view>& generation_fields() {
  static const std::vector<std::string_view> kFields = [] {
    std::vector<std::string_view> fields = {"model",
                                            "temperature",
                                            "top_p",
                                            "stop",
                                            "max_tokens",
                                            "presence_penalty",
                                            "frequency_penalty",
                                            "seed",
                                            "top_k",
                                            "min_p",
                                            "repetition_penalty",
                                            "typical_p",
                                            "logit_bias",
                                            "ignore_eos",
                                            "lora"};
    fields.insert(fields.end(), output_rule_fields().begin(), output_rule_fields().end());
    return fields;
  }();
  return kFields;
}

void read_generation(FieldReader& reader, GenerateRequest& request) {
  engine::SamplingOptions& sampling = request.sampling;
  if (const auto value = reader.text("model")) request.model = *value;
  read_float(reader, "temperature", 0, 10, sampling.temperature);
  read_share(reader, "top_p", sampling.top_p);
  read_share(reader, "typical_p", sampling.typical_p);
  read_float(reader, "presence_penalty", -2, 2, sampling.presence_penalty);
  read_float(reader, "frequency_penalty", -2, 2, sampling.frequency_penalty);
  if (const auto value = reader.number("min_p", 0, 1)) {
    // The engine wants less than 1; at 1 only the likeliest token passes, and just below it too.
    sampling.min_p = std::min(static_cast<float>(*value), std::nextafter(1.0f, 0.0f));
  }
  if (const auto value = reader.number("repetition_penalty", 0, 10)) {
    sampling.repetition_penalty = static_cast<float>(*value);
    if (!(sampling.repetition_penalty > 0)) {
      reader.refuse("repetition_penalty", "a number above 0, at most 10", *reader.find("repetition_penalty"));
    }
  }
  if (const auto value = reader.integer("top_k", -1, static_cast<std::int64_t>(limits::kVocabularyMax))) {
    sampling.top_k = *value < 0 ? 0 : static_cast<std::uint32_t>(*value);  // -1 switches it off in vLLM
  }
  if (const auto value =
          reader.integer("seed", std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max())) {
    sampling.seed = static_cast<std::uint64_t>(*value);
  }
  read_logit_bias(reader, sampling);
  read_adapters(reader, request.adapters);
  if (const auto value = reader.integer("n", 1, static_cast<std::int64_t>(limits::kChoicesMax))) {
    request.choices = static_cast<std::size_t>(*value);
  }
  if (const auto value = reader.integer("max_tokens", 1, kTokensMax)) {
    request.tokens_max = static_cast<std::size_t>(*value);
  }
  if (const auto value = reader.integer("max_completion_tokens", 1, kTokensMax)) {
    request.tokens_max = static_cast<std::size_t>(*value);
  }
  if (reader.find("stop") != nullptr)
    request.stop = reader.texts("stop", limits::kStopStringsMax, limits::kStopStringBytesMax);
  if (const auto value = reader.boolean("ignore_eos")) request.ignores_end = *value;
  read_output_rule(reader, request.output_rule);
}

StreamChoice read_stream(FieldReader& reader) {
  StreamChoice choice;
  choice.streams = reader.boolean("stream").value_or(false);
  const json::object* options = reader.object("stream_options");
  if (options == nullptr) return choice;
  if (!choice.streams) {
    reader.refuse("stream_options", "only allowed when \"stream\" is true");
    return choice;
  }
  FieldReader inner(*options, "stream_options");
  // include_obfuscation pads chunks against traffic analysis; without it the answer is the same.
  check_fields(inner, {"include_usage"}, {{"include_obfuscation", "", {}}});
  choice.includes_usage = inner.boolean("include_usage").value_or(false);
  if (!inner.is_ok()) reader.refuse(*inner.refusal());
  return choice;
}

}  // namespace sixfold::service
