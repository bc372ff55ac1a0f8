// Takes a model of this machine elsewhere: the reverse of a pull.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "registry/pull.h"
#include "registry/record.h"

namespace sixfold::registry {

struct PushOptions {
  PullOptions pull = {};  // for a model that is not here yet; its context and progress serve the push too
  std::uint64_t part_bytes = std::uint64_t{16} << 20;  // of a file that is sent in parts
};

struct PushFile {
  RecordedFile about;
  std::string from;  // on this machine
};

// What is sent: files in the order in which a reader may see them, those that make a model of the others last.
struct ModelToPush {
  std::string name = {};    // for a person: "qwen2.5-0.5b"
  std::string source = {};  // where it was pulled from; "" for a path
  std::string path = {};    // on this machine: what opens it, a file or a folder
  std::string license = {};
  std::string architecture = {};  // this and the next two: "" when the model is of a kind that we do not run
  std::string format = {};        // "gguf", "safetensors"
  std::string parameters = {};    // "0.5b"
  std::vector<PushFile> files = {};

  std::uint64_t bytes() const;
};

struct Pushed {
  std::string source = {};    // to pull it again
  std::string revision = {};  // a digest; "" where the target has no such thing
  std::uint64_t sent_bytes = 0;
  std::vector<RecordedFile> files = {};
};

// model: a path, a name of the store, or a source, which is pulled if need be.  target: with a scheme of target_rows().
// Nothing is visible at the target before all of it is there; what is there already is not sent again, so that the same
// command goes on after an interruption.
// Errors: invalid_argument (no such kind of target, no model), those of pull, of the files and of the target.
Result<Pushed> push(const std::string& model, const std::string& target, const PushOptions& options);

// Finds and orders the files; hashes and sizes only as far as they were recorded by a pull.  Errors: those of pull and
// of the files' formats.
Result<ModelToPush> list_model(const std::string& model, const PullOptions& options);

// The same, and measures and hashes all of them.
Result<ModelToPush> collect_model(const std::string& model, const PushOptions& options);

// The progress of one push, told to options.pull.progress.  One thread.
class PushProgress {
 public:
  PushProgress(const ModelToPush& model, const PushOptions& options) : options_(options), total_(model.bytes()) {}

  std::function<void(std::uint64_t)> counter(const RecordedFile& file) const;
  void finish(const RecordedFile& file) { done_ += file.bytes; }

 private:
  const PushOptions& options_;
  const std::uint64_t total_;
  std::uint64_t done_ = 0;  // of files before
};

}  // namespace sixfold::registry
