// Fields that change what an adapter computes are read, or refused unless they are neutral.
#include "formats/huggingface/peft_config.h"

#include <cmath>

#include "core/json.h"
#include "core/limits.h"
#include "formats/checkpoint_builder.h"

namespace sixfold::formats::huggingface {
namespace {

constexpr double kAlphaMax = 1e6;

// Fields that must be false, absent or empty, and what they ask for.
struct RefusedField {
  std::string_view name;
  std::string_view meaning;
};
constexpr RefusedField kRefusedFields[] = {
    {"use_dora", "weights are normed besides (DoRA)"},
    {"use_qalora", "inputs are pooled before A (QALoRA)"},
    {"lora_bias", "biases beside B"},
    {"modules_to_save", "whole modules in the adapter"},
    {"trainable_token_indices", "rows of the embedding in the adapter"},
    {"target_parameters", "adapters of parameters that are no module's"},
    {"layer_replication", "layers that are repeated"},
    {"alora_invocation_tokens", "tokens that switch the adapter on"},
};

bool is_neutral(const json::value& value) {
  if (const bool* flag = value.if_bool()) return !*flag;
  if (const json::array* array = value.if_array()) return array->empty();
  if (const json::object* object = value.if_object()) return object->empty();
  return false;
}

Status check_neutral(const ConfigReader& config) {
  SIXFOLD_TRY(const std::string_view type, config.text("peft_type"));
  if (type != "LORA")
    return config.unsupported("peft_type", "{} is not supported, want \"LORA\"", formats::shown_text(type));
  SIXFOLD_TRY(const std::string_view bias, config.text_or("bias", "none"));
  if (bias != "none")
    return config.unsupported("bias", "{} is not supported, want \"none\"", formats::shown_text(bias));
  for (const RefusedField& field : kRefusedFields) {
    const json::value* value = config.find(field.name);
    if (value == nullptr || is_neutral(*value)) continue;
    return config.unsupported(field.name, "{} are not supported, want none, got {}", field.meaning, shown_json(*value));
  }
  // These begin by taking something out of the model's own weights, which an adapter alone does not bring back.
  const json::value* start = config.find("init_lora_weights");
  const json::string* name = start != nullptr ? start->if_string() : nullptr;
  for (const std::string_view changing : {"pissa", "olora", "corda", "loftq"}) {
    if (name == nullptr || !std::string_view(*name).starts_with(changing)) continue;
    return config.unsupported("init_lora_weights", "{} changes the model's weights, want an adapter converted to LoRA",
                              shown_json(*start));
  }
  return ok();
}

// PEFT takes these as regular expressions of the end of a module's name.  Names are read, with ^ in front for a whole
// one; a dot stands for itself.
Status check_pattern(const ConfigReader& config, std::string_view field, std::string_view pattern) {
  const std::string_view name = pattern.starts_with('^') ? pattern.substr(1) : pattern;
  const bool is_name = !name.empty() && name.find_first_of("^$\\*+?()[]{}|") == std::string_view::npos;
  if (is_name) return ok();
  return config.unsupported(field, "{} is not supported, want a module's name or its end",
                            formats::shown_text(pattern));
}

bool fits(std::string_view pattern, std::string_view module) {
  if (pattern.starts_with('^')) return module == pattern.substr(1);
  if (!module.ends_with(pattern)) return false;
  return module.size() == pattern.size() || module[module.size() - pattern.size() - 1] == '.';
}

template <class T>
T value_of(std::string_view module, const std::vector<std::pair<std::string_view, T>>& patterns, T otherwise) {
  for (const auto& [pattern, value] : patterns) {
    if (fits(pattern, module)) return value;
  }
  return otherwise;
}

Status check_alpha(const ConfigReader& config, std::string_view name, double alpha) {
  if (std::abs(alpha) <= kAlphaMax) return ok();
  return config.wrong(name, "a number up to a million");
}

}  // namespace

std::uint64_t PeftConfig::rank_of(std::string_view module) const {
  return value_of(module, ranks, rank);
}

double PeftConfig::scale_of(std::string_view module) const {
  const auto own_rank = static_cast<double>(rank_of(module));
  return value_of(module, alphas, alpha) / (has_root_scale ? std::sqrt(own_rank) : own_rank);
}

Result<PeftConfig> read_peft_config(const ConfigReader& config) {
  SIXFOLD_TRY_STATUS(check_neutral(config));
  PeftConfig out;
  SIXFOLD_TRY(out.rank, config.count("r", limits::kAdapterRankMax));
  SIXFOLD_TRY(out.alpha, config.number("lora_alpha"));
  SIXFOLD_TRY_STATUS(check_alpha(config, "lora_alpha", out.alpha));
  SIXFOLD_TRY(out.has_root_scale, config.boolean_or("use_rslora", false));
  SIXFOLD_TRY(const auto ranks, config.object("rank_pattern"));
  if (ranks) {
    for (const auto& [pattern, value] : config.find("rank_pattern")->get_object()) {
      SIXFOLD_TRY_STATUS(check_pattern(config, "rank_pattern", pattern));
      SIXFOLD_TRY(const std::uint64_t rank, ranks->count(pattern, limits::kAdapterRankMax));
      out.ranks.emplace_back(pattern, rank);
    }
  }
  SIXFOLD_TRY(const auto alphas, config.object("alpha_pattern"));
  if (alphas) {
    for (const auto& [pattern, value] : config.find("alpha_pattern")->get_object()) {
      SIXFOLD_TRY_STATUS(check_pattern(config, "alpha_pattern", pattern));
      SIXFOLD_TRY(const double alpha, alphas->number(pattern));
      SIXFOLD_TRY_STATUS(check_alpha(*alphas, pattern, alpha));
      out.alphas.emplace_back(pattern, alpha);
    }
  }
  return out;
}

}  // namespace sixfold::formats::huggingface
