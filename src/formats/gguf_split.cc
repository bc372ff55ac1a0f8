// Finds the parts of a model by their names, and checks that each is the one that its name says.
// Source: llama.cpp's gguf-split, which writes such files.
#include "formats/gguf_split.h"

#include <utility>
#include <vector>

#include "core/error.h"
#include "core/limits.h"
#include "formats/checkpoint_builder.h"

namespace sixfold::formats {
namespace {

constexpr std::string_view kCountKey = "split.count";
constexpr std::string_view kNumberKey = "split.no";  // from 0; names count from 1
constexpr std::string_view kTensorCountKey = "split.tensors.count";
constexpr std::string_view kArchitectureKey = "general.architecture";

struct Part {
  FileMap file;
  Checkpoint checkpoint;
};

Result<Part> open_part(const std::string& path) {
  SIXFOLD_TRY(FileMap file, FileMap::open(path));
  SIXFOLD_TRY(Checkpoint checkpoint, read_gguf(file.bytes(), path));
  return Part{std::move(file), std::move(checkpoint)};
}

// What stands before the numbers of a part's name.
Result<std::string> stem_of_parts(const Part& part, std::uint64_t count) {
  SIXFOLD_TRY(const std::uint64_t number, part.checkpoint.unsigned_integer_or(kNumberKey, 0));
  const std::string ending = fmt::format("-{:05}-of-{:05}.gguf", number + 1, count);
  const std::string& path = part.checkpoint.path();
  if (number >= count || !path.ends_with(ending)) {
    return corrupt_data("{}: part {} of a model in {} files: want a name that ends with \"{}\"", path, number + 1,
                        count, ending);
  }
  return path.substr(0, path.size() - ending.size());
}

Status check_part(const Checkpoint& part, const Checkpoint& first, std::uint64_t number, std::uint64_t count) {
  SIXFOLD_TRY(const std::uint64_t own_number, part.unsigned_integer(kNumberKey));
  SIXFOLD_TRY(const std::uint64_t own_count, part.unsigned_integer(kCountKey));
  if (own_number != number || own_count != count) {
    return corrupt_data("{}: want part {} of {}, as its name says, got part {} of {}", part.path(), number + 1, count,
                        own_number + 1, own_count);
  }
  // Parts after the first need not repeat it.
  const MetadataValue* architecture = part.find(kArchitectureKey);
  if (architecture != nullptr && first.find(kArchitectureKey) != nullptr &&
      *architecture != *first.find(kArchitectureKey)) {
    return corrupt_data("{}: {}: want the same as in {}, got another", part.path(), kArchitectureKey, first.path());
  }
  return ok();
}

Result<std::vector<Part>> open_all(Part found, std::uint64_t count) {
  SIXFOLD_TRY(const std::string stem, stem_of_parts(found, count));
  const std::string found_path = found.checkpoint.path();
  std::vector<Part> parts;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::string path = fmt::format("{}-{:05}-of-{:05}.gguf", stem, i + 1, count);
    if (path == found_path) {
      parts.push_back(std::move(found));
    } else {
      SIXFOLD_TRY(Part part, open_part(path));
      parts.push_back(std::move(part));
    }
    SIXFOLD_TRY_STATUS(check_part(parts.back().checkpoint, parts.front().checkpoint, i, count));
  }
  return parts;
}

Result<Checkpoint> join(std::vector<Part> parts) {
  const Checkpoint& first = parts.front().checkpoint;
  std::uint64_t bytes = 0;
  std::uint64_t tensors = 0;
  for (const Part& part : parts) {
    bytes += part.file.bytes().size();
    tensors += part.checkpoint.tensors().size();
  }
  SIXFOLD_TRY(const std::uint64_t wanted, first.unsigned_integer_or(kTensorCountKey, tensors));
  if (wanted != tensors) {
    return corrupt_data("{}: {}: want {} tensors in all parts, got {}", first.path(), kTensorCountKey, wanted, tensors);
  }
  CheckpointBuilder builder(first.path(), std::string(first.format()), bytes);
  for (const MetadataEntry& entry : first.metadata()) builder.add_metadata(entry);
  for (Part& part : parts) {
    for (const TensorView& tensor : part.checkpoint.tensors()) builder.add_tensor(tensor);
    builder.add_file(std::move(part.file));
  }
  return std::move(builder).finish();
}

}  // namespace

Result<Checkpoint> open_gguf(const std::string& path) {
  SIXFOLD_TRY(Part part, open_part(path));
  SIXFOLD_TRY(const std::uint64_t count, part.checkpoint.unsigned_integer_or(kCountKey, 1));
  if (count > limits::kWeightFilesMax) {
    return corrupt_data("{}: {}: want at most {}, got {}", path, kCountKey, limits::kWeightFilesMax, count);
  }
  if (count > 1) {
    SIXFOLD_TRY(std::vector<Part> parts, open_all(std::move(part), count));
    return join(std::move(parts));
  }
  CheckpointBuilder::give_file(part.checkpoint, std::move(part.file));
  return std::move(part.checkpoint);
}

}  // namespace sixfold::formats
