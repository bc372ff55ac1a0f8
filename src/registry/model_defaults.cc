// params.json and system.txt of a model's folder.
#include "registry/model_defaults.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/error.h"
#include "core/json_reader.h"
#include "core/limits.h"
#include "core/text_file.h"
#include "registry/artifact.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kDefaultsBytesMax = 1 << 20;
constexpr std::string_view kOllama = "ollama:";
// As ollama_layers.cc names the layers.
constexpr std::string_view kParamsFile = "params.json";
constexpr std::string_view kSystemFile = "system.txt";

Status read_stop(const JsonReader& params, std::vector<std::string>& stop) {
  if (!params.has("stop")) return ok();
  SIXFOLD_TRY(const auto texts, params.texts("stop"));
  if (texts.size() > limits::kStopStringsMax) {
    return params.wrong("stop", fmt::format("at most {} strings", limits::kStopStringsMax));
  }
  for (const std::string_view text : texts) {
    if (text.empty() || text.size() > limits::kStopStringBytesMax) {
      return params.wrong("stop", fmt::format("strings of 1 to {} bytes", limits::kStopStringBytesMax));
    }
    stop.emplace_back(text);
  }
  return ok();
}

}  // namespace

Result<ModelDefaults> read_model_defaults(std::string_view text, std::string_view where) {
  SIXFOLD_TRY(const json::object object, parse_json_object(text, where));
  const JsonReader params(object, std::string(where));
  ModelDefaults defaults;
  const std::array<std::pair<std::string_view, std::optional<double>*>, 4> numbers = {
      {{"temperature", &defaults.temperature},
       {"top_p", &defaults.top_p},
       {"min_p", &defaults.min_p},
       {"repeat_penalty", &defaults.repetition_penalty}}};
  for (const auto& [name, number] : numbers) {
    if (!params.has(name)) continue;
    SIXFOLD_TRY(*number, params.number(name));
  }
  if (const json::value* top_k = params.find("top_k")) {
    defaults.top_k = as_unsigned(*top_k);
    if (!defaults.top_k || *defaults.top_k > limits::kVocabularyMax) {
      return params.wrong("top_k", fmt::format("an integer from 0 to {}", limits::kVocabularyMax));
    }
  }
  SIXFOLD_TRY_STATUS(read_stop(params, defaults.stop));
  return defaults;
}

Result<ModelDefaults> find_model_defaults(const std::string& source, const Environment& environment) {
  const auto record = find_record(source, environment);
  if (!record || !record->source.starts_with(kOllama)) return ModelDefaults{};
  const auto has = [&](std::string_view path) {
    return std::any_of(record->files.begin(), record->files.end(),
                       [&](const RecordedFile& file) { return file.path == path; });
  };
  ModelDefaults defaults;
  if (has(kParamsFile)) {
    const std::string path = fmt::format("{}/{}", record->folder, kParamsFile);
    SIXFOLD_TRY(const std::string text, read_text_file(path, kDefaultsBytesMax));
    SIXFOLD_TRY(defaults, read_model_defaults(text, path));
  }
  if (has(kSystemFile)) {
    SIXFOLD_TRY(defaults.system, read_text_file(fmt::format("{}/{}", record->folder, kSystemFile), kDefaultsBytesMax));
  }
  return defaults;
}

}  // namespace sixfold::registry
