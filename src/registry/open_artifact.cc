// Resolves a source to a checkpoint: the built-in model, a file, or something that is pulled.
#include <filesystem>
#include <string>
#include <vector>

#include "core/error.h"
#include "manifest/nearest_name.h"
#include "registry/artifact.h"
#include "registry/builtin_model.h"
#include "registry/catalogue.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kFileScheme = "file:";

// "x:" in "x:org/name"; empty for a plain path.  One letter is a path too ("C:").
std::string_view scheme_of(std::string_view source) {
  const std::size_t colon = source.find(':');
  if (colon == std::string_view::npos || colon < 2 || source.find('/') < colon) return {};
  return source.substr(0, colon + 1);
}

bool looks_like_path(const std::string& source) {
  return source.find('/') != std::string::npos || source.ends_with(".gguf") || source.ends_with(".onnx");
}

Error unknown(const std::string& source, const Store& store) {
  if (const std::string_view scheme = scheme_of(source); !scheme.empty()) {
    std::string forms;
    for (const SourceRow& row : source_rows()) forms += fmt::format("\n  {}", row.form);
    return invalid_argument("model source \"{}\": unknown kind \"{}\"; want a path, a name, builtin: or one of{}",
                            source, scheme, forms);
  }
  if (looks_like_path(source)) return not_found("{}: no such file", source);
  const std::vector<Record> records = store.list();
  std::vector<std::string_view> names;
  for (const Record& record : records) names.push_back(record.name);
  for (const CatalogueEntry& entry : catalogue()) names.push_back(entry.name);
  const std::string_view near = manifest::nearest_name(source, names);
  return not_found("{}: no such file or model{}; sixfold list and sixfold list --catalog show names", source,
                   near.empty() ? "" : fmt::format("; did you mean \"{}\"?", near));
}

// What pull would call it.
std::string recorded_name(const std::string& source) {
  const SourceRow* row = find_source(source);
  return row == nullptr ? source : row->canonical(source.substr(row->scheme.size()));
}

}  // namespace

Result<FoundArtifact> find_artifact(const std::string& source, const PullOptions& options) {
  if (source.starts_with(kFileScheme)) return FoundArtifact{source.substr(kFileScheme.size())};
  std::error_code ignored;
  if (std::filesystem::exists(source, ignored)) return FoundArtifact{source};
  SIXFOLD_TRY(Store store, Store::open(options.context.environment));
  std::optional<Record> record = store.find_name(recorded_name(source));
  if (!record) {
    if (find_source(source) == nullptr && find_in_catalogue(source) == nullptr) return unknown(source, store);
    options.context.note(fmt::format("getting {} for the first use", recorded_name(source)));
    SIXFOLD_TRY(record, pull(store, source, "", options));
  }
  record->folder = store.folder_of(*record);
  std::string path = main_path(*record);
  return FoundArtifact{std::move(path), std::move(record)};
}

Result<std::string> locate_artifact(const std::string& source, const PullOptions& options) {
  SIXFOLD_TRY(FoundArtifact found, find_artifact(source, options));
  return std::move(found.path);
}

Result<formats::Checkpoint> open_artifact(const std::string& source, const PullOptions& options) {
  if (source.empty() || source == kBuiltinSource) {
    if (builtin_model().empty()) {
      return not_found(
          "{}: this program comes without the built-in model, as images with another model do; name a model",
          kBuiltinSource);
    }
    return formats::read_gguf(builtin_model(), "builtin");
  }
  SIXFOLD_TRY(const std::string path, locate_artifact(source, options));
  return formats::open_checkpoint(path);
}

std::string short_name(const std::string& source) {
  constexpr std::string_view kEndings[] = {".gguf", ".onnx"};
  std::string name = source.substr(0, source.find_first_of("?#"));
  while (name.ends_with('/')) name.pop_back();
  name.erase(0, (name.find('/') == std::string::npos ? name.find(':') : name.rfind('/')) + 1);
  for (const std::string_view ending : kEndings) {
    if (name.ends_with(ending)) name.resize(name.size() - ending.size());
  }
  return name;
}

std::optional<Record> find_record(const std::string& source, const Environment& environment) {
  const auto store = Store::open(environment);
  if (!store.is_ok()) return std::nullopt;
  auto record = store->find_name(recorded_name(source));
  if (record) record->folder = store->folder_of(*record);
  return record;
}

bool is_known_model(const std::string& word, const Environment& environment) {
  if (word == kBuiltinSource || find_source(word) != nullptr || find_in_catalogue(word) != nullptr) return true;
  return find_record(word, environment).has_value();
}

}  // namespace sixfold::registry
