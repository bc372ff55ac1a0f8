// ONNX Runtime as a library that is found while the program runs, or not: sixfold does not link it.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/result.h"
#include "onnx/ort_api.h"

namespace sixfold::onnx {

// Immutable; thread-safe.  The library stays loaded until the process ends.
class Library {
 public:
  ~Library();
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  // Opens the first of `paths` that is there.  A name without '/' is looked for where the system has its libraries.
  // Errors: unavailable when there is none, with what was tried and how to get one; invalid_argument when one is there
  // and is no ONNX Runtime, or too old.
  static Result<std::shared_ptr<const Library>> load(const std::vector<std::string>& paths);

  const OrtApi& api() const { return *api_; }
  OrtEnv* environment() const { return environment_; }
  const std::string& version() const { return version_; }  // "1.22.0"
  const std::string& path() const { return path_; }

 private:
  Library() = default;
  static Result<std::shared_ptr<const Library>> open(const std::string& path, void* handle);

  std::string path_;
  std::string version_;
  const OrtApi* api_ = nullptr;
  OrtEnv* environment_ = nullptr;
};

// Where to look, in order: $SIXFOLD_ONNXRUNTIME (a file or a folder) alone when it is set; else the folder of this
// program, its neighbour lib/sixfold, $XDG_CACHE_HOME/sixfold/lib or ~/.cache/sixfold/lib, and the system's libraries.
std::vector<std::string> library_paths(const std::function<std::string(const char*)>& environment,
                                       const std::string& program_folder);

// The one that this process uses: library_paths of its own environment.  Loaded at the first call.
Result<std::shared_ptr<const Library>> process_library();

}  // namespace sixfold::onnx
