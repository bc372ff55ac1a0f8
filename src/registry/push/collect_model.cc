// From what a person typed to a list of files with their hashes.
#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include "core/error.h"
#include "core/limits.h"
#include "formats/checkpoint.h"
#include "registry/artifact.h"
#include "registry/file_choice.h"
#include "registry/push/push.h"
#include "registry/push/upload_file.h"
#include "registry/source.h"

namespace sixfold::registry {
namespace {

namespace fs = std::filesystem;

// "0.5b", "135m".
std::string parameter_count(std::uint64_t count) {
  constexpr double kBillion = 1e9;
  constexpr double kMillion = 1e6;
  const auto number = static_cast<double>(count);
  if (number >= kBillion / 10) return fmt::format("{:.1f}b", number / kBillion);
  return fmt::format("{:.1f}m", number / kMillion);
}

// A file is damaged or it is not; a model of a kind that we do not run may be pushed all the same.
Status describe(const std::string& path, ModelToPush& model) {
  const auto checkpoint = formats::open_checkpoint(path);
  if (!checkpoint.is_ok()) {
    const bool is_unknown = checkpoint.error().code == ErrorCode::kInvalidArgument;
    return is_unknown ? ok() : Status(checkpoint.error());
  }
  std::uint64_t elements = 0;
  for (const TensorView& tensor : checkpoint->tensors()) elements += tensor.shape.elements();
  model.format = checkpoint->format().starts_with("gguf") ? "gguf" : "safetensors";
  model.parameters = parameter_count(elements);
  if (const auto architecture = checkpoint->string("general.architecture"); architecture.is_ok()) {
    model.architecture = *architecture;
  }
  return ok();
}

enum class Depth { kThisFolder, kAllBelow };

Result<std::vector<std::string>> paths_in(const std::string& folder, Depth depth) {
  std::vector<std::string> paths;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    std::error_code ignored;
    if (depth == Depth::kThisFolder) entry.disable_recursion_pending();
    if (entry->is_regular_file(ignored)) paths.push_back(entry->path().lexically_relative(folder).generic_string());
    if (paths.size() > limits::kArtifactFilesMax) {
      return resource_exhausted("{}: want at most {} files; name the model's own folder", folder,
                                limits::kArtifactFilesMax);
    }
  }
  if (error) return permission_denied("{}: {}", folder, error.message());
  return paths;
}

// A path that a person gave: what a pull of the same files would bring.
Status add_files_of_path(const std::string& path, ModelToPush& model) {
  std::error_code ignored;
  const bool is_folder = fs::is_directory(path, ignored);
  std::string folder = is_folder ? path : fs::path(path).parent_path().string();
  if (folder.empty()) folder = ".";
  const std::string name = fs::path(path).filename().string();
  std::vector<std::string> paths = {name};
  if (is_folder) {
    SIXFOLD_TRY(paths, paths_in(folder, Depth::kAllBelow));
    SIXFOLD_TRY(paths, choose_files(paths, {}, path));
  } else if (is_split_gguf(name)) {
    SIXFOLD_TRY(paths, paths_in(folder, Depth::kThisFolder));
    SIXFOLD_TRY(paths, choose_files(paths, {.path = name}, path));
  }
  for (const std::string& below : paths) model.files.push_back({{below, 0, {}}, folder + "/" + below});
  return ok();
}

// Weights first: without config.json a folder is no model, and without its first part a split file is none.
void order(std::vector<PushFile>& files) {
  const auto rank = [](const PushFile& file) {
    const std::string& path = file.about.path;
    return path == "config.json" ? 2 : path.ends_with(".gguf") || path.ends_with(".safetensors") ? 0 : 1;
  };
  std::stable_sort(files.begin(), files.end(),
                   [&](const PushFile& left, const PushFile& right) { return rank(left) < rank(right); });
}

}  // namespace

Result<ModelToPush> list_model(const std::string& model, const PullOptions& options) {
  ModelToPush found{.name = short_name(model)};
  SIXFOLD_TRY(const FoundArtifact artifact, find_artifact(model, options));
  found.path = artifact.path;
  SIXFOLD_TRY_STATUS(describe(artifact.path, found));
  if (artifact.record) {
    found.source = artifact.record->source;
    found.license = artifact.record->license;
    for (const RecordedFile& file : artifact.record->files) {
      found.files.push_back({file, artifact.record->folder + "/" + file.path});
    }
  } else {
    SIXFOLD_TRY_STATUS(add_files_of_path(artifact.path, found));
  }
  order(found.files);
  for (const PushFile& file : found.files) SIXFOLD_TRY_STATUS(check_artifact_path(file.about.path, model));
  return found;
}

Result<ModelToPush> collect_model(const std::string& model, const PushOptions& options) {
  SIXFOLD_TRY(ModelToPush found, list_model(model, options.pull));
  for (PushFile& file : found.files) {
    SIXFOLD_TRY(const UploadFile content, UploadFile::open(file.from));
    file.about.bytes = content.bytes();
    SIXFOLD_TRY(const std::string hash, content.sha256(0, content.bytes(), options.pull.context.http.is_cancelled));
    if (!file.about.sha256.empty() && file.about.sha256 != hash) {
      return corrupt_data("{}: SHA-256: want {}, got {}", file.from, file.about.sha256, hash);
    }
    file.about.sha256 = hash;
  }
  return found;
}

}  // namespace sixfold::registry
