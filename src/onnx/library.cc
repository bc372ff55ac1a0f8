// dlopen, one symbol, and the library's environment with its log turned to ours.
#include "onnx/library.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

#include "core/error.h"
#include "core/log.h"

namespace sixfold::onnx {
namespace {

constexpr const char* kFileNames[] = {"libonnxruntime.so.1", "libonnxruntime.so"};

constexpr std::string_view kHowToGet =
    "run tools/get_onnxruntime, which takes it from the npm package onnxruntime-node, or set SIXFOLD_ONNXRUNTIME to a "
    "libonnxruntime.so.1 (1.5 or later)";

// Its errors come back as statuses too, so they are of interest only to somebody who looks for more.
void log_to_ours(void*, int, const char*, const char*, const char*, const char* message) {
  spdlog::debug("onnxruntime: {}", message);
}

std::string own_environment(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nothing here changes the environment
  return value == nullptr ? "" : value;
}

std::string own_folder() {
  std::error_code failure;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? "" : program.parent_path().string();
}

}  // namespace

Library::~Library() {
  if (environment_ != nullptr) api_->release_env(environment_);
}

Result<std::shared_ptr<const Library>> Library::open(const std::string& path, void* handle) {
  // From void* to a function as POSIX defines it.
  const auto get_base = reinterpret_cast<OrtGetApiBase>(dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr) return invalid_argument("{}: is no ONNX Runtime: it lacks OrtGetApiBase", path);
  const OrtApiBase* base = get_base();
  std::shared_ptr<Library> library(new Library());
  library->path_ = path;
  library->version_ = base->get_version_string();
  library->api_ = base->get_api(kOrtApiVersion);
  if (library->api_ == nullptr) {
    return invalid_argument("{}: ONNX Runtime {}: want 1.{} or later", path, library->version_, kOrtApiVersion);
  }
  const OrtApi& api = *library->api_;
  OrtStatus* status =
      api.create_env_with_custom_logger(log_to_ours, nullptr, kOrtLogError, "sixfold", &library->environment_);
  if (status == nullptr) status = api.disable_telemetry_events(library->environment_);
  if (status != nullptr) {
    Error error = internal_error("{}: {}", path, api.get_error_message(status));
    api.release_status(status);
    return error;
  }
  return std::shared_ptr<const Library>(std::move(library));
}

Result<std::shared_ptr<const Library>> Library::load(const std::vector<std::string>& paths) {
  std::optional<std::string> reason;  // of a file that is there
  for (const std::string& path : paths) {
    std::error_code ignored;
    if (path.find('/') != std::string::npos && !std::filesystem::exists(path, ignored)) continue;
    if (void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return open(path, handle);
    const char* why = dlerror();
    if (path.find('/') != std::string::npos && !reason) reason = why == nullptr ? path : why;
  }
  std::string tried;
  for (const std::string& path : paths) tried += (tried.empty() ? "" : ", ") + path;
  return unavailable("ONNX models need ONNX Runtime, and {}; {}",
                     reason ? "it cannot be loaded: " + *reason : "it was not found (tried " + tried + ")", kHowToGet);
}

std::vector<std::string> library_paths(const std::function<std::string(const char*)>& environment,
                                       const std::string& program_folder) {
  std::vector<std::string> paths;
  const auto add_folder = [&](const std::string& folder) {
    for (const char* name : kFileNames) paths.push_back(folder + "/" + name);
  };
  if (const std::string chosen = environment("SIXFOLD_ONNXRUNTIME"); !chosen.empty()) {
    std::error_code ignored;
    if (std::filesystem::is_directory(chosen, ignored)) {
      add_folder(chosen);
    } else {
      paths.push_back(chosen.find('/') == std::string::npos ? "./" + chosen : chosen);
    }
    return paths;
  }
  if (!program_folder.empty()) {
    add_folder(program_folder);
    add_folder(program_folder + "/../lib/sixfold");
  }
  if (const std::string cache = environment("XDG_CACHE_HOME"); cache.starts_with('/')) {
    add_folder(cache + "/sixfold/lib");
  } else if (const std::string home = environment("HOME"); home.starts_with('/')) {
    add_folder(home + "/.cache/sixfold/lib");
  }
  for (const char* name : kFileNames) paths.emplace_back(name);
  return paths;
}

Result<std::shared_ptr<const Library>> process_library() {
  static const Result<std::shared_ptr<const Library>> library =
      Library::load(library_paths(own_environment, own_folder()));
  return library;
}

}  // namespace sixfold::onnx
