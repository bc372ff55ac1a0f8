// Splits at "/" and the last "@".
#include "registry/mlflow_name.h"

#include <algorithm>
#include <cctype>

#include "core/error.h"
#include "core/utf8.h"
#include "registry/source.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kModels = "models:/";
constexpr std::string_view kRuns = "runs:/";
constexpr std::string_view kLatest = "latest";
constexpr std::size_t kNameMax = 256;
constexpr std::size_t kVersionMax = 18;  // digits

// MLflow's names may have blanks and letters of any script, but neither "/" nor ":".
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= kNameMax && is_valid_utf8(text) &&
         std::none_of(text.begin(), text.end(), [](char letter) {
           return static_cast<unsigned char>(letter) < 0x20 || letter == 0x7F || letter == '/' || letter == ':' ||
                  letter == '@';
         });
}

bool is_version(std::string_view text) {
  return !text.empty() && text.size() <= kVersionMax && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_run_id(std::string_view text) {
  return !text.empty() && text.size() <= kNameMax && std::all_of(text.begin(), text.end(), [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '_';
  });
}

}  // namespace

std::string MlflowName::text() const {
  if (model.empty()) return fmt::format("{}{}/{}", kRuns, run, path);
  if (!alias.empty()) return fmt::format("{}{}@{}", kModels, model, alias);
  return fmt::format("{}{}/{}", kModels, model, version.empty() ? kLatest : version);
}

Result<MlflowName> parse_mlflow_name(const std::string& rest) {
  const auto refuse = [&]() -> Result<MlflowName> {
    return invalid_argument("mlflow:{}: want mlflow:[models:/]NAME[/VERSION|@ALIAS] or mlflow:runs:/RUN/PATH", rest);
  };
  MlflowName name;
  if (rest.starts_with(kRuns)) {
    const std::string text = rest.substr(kRuns.size());
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) return refuse();
    name.run = text.substr(0, slash);
    name.path = text.substr(slash + 1);
    const bool is_good = is_run_id(name.run) && check_artifact_path(name.path, "path").is_ok();
    return is_good ? Result<MlflowName>(name) : refuse();
  }
  std::string text = rest.starts_with(kModels) ? rest.substr(kModels.size()) : rest;
  if (const std::size_t at = text.rfind('@'); at != std::string::npos) {
    name.alias = text.substr(at + 1);
    text.erase(at);
    if (!is_name(name.alias)) return refuse();
  } else if (const std::size_t slash = text.find('/'); slash != std::string::npos) {
    name.version = text.substr(slash + 1);
    text.erase(slash);
    if (!is_version(name.version) && name.version != kLatest) return refuse();
    if (name.version == kLatest) name.version.clear();
  }
  name.model = std::move(text);
  return is_name(name.model) ? Result<MlflowName>(name) : refuse();
}

}  // namespace sixfold::registry
