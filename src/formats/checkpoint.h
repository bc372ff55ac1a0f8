// A model file, opened and validated: typed metadata and tensors, whatever the format on disk.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/file_map.h"
#include "core/result.h"
#include "core/string_array.h"
#include "tensor/tensor_view.h"

namespace sixfold::formats {

// Integers keep their sign, not their width; arrays are of one kind.
using MetadataValue = std::variant<std::uint64_t, std::int64_t, double, bool, std::string, std::vector<std::uint64_t>,
                                   std::vector<std::int64_t>, std::vector<double>, std::vector<bool>, StringArray>;

struct MetadataEntry {
  std::string key;
  MetadataValue value;
};

// Immutable after open.  Tensor views point into mapped files and buffers, which the checkpoint owns.  Movable.
class Checkpoint {
 public:
  const std::string& path() const { return path_; }          // for messages; "builtin" for the built-in model
  std::string_view format() const { return format_; }        // "gguf v3"
  std::uint64_t file_bytes() const { return file_bytes_; }   // of all files of weights
  std::span<const FileMap> files() const { return files_; }  // of weights; none when the bytes are borrowed

  std::span<const MetadataEntry> metadata() const { return metadata_; }
  std::span<const TensorView> tensors() const { return tensors_; }

  // The file that a tensor lies in, at an address that lasts as long as the checkpoint, also when that moves.  Null for
  // one in memory.
  const FileMap* file_of(std::span<const std::byte> tensor) const;
  // As FileMap's: of the file that holds the tensor, if one does, and of all files.
  void release(std::span<const std::byte> tensor) const;
  void expect_few_reads() const;

  // Frees the metadata, of which a vocabulary is the largest part by far, when everything in it has been read.
  void drop_metadata() { metadata_ = {}; }

  // Null when absent.
  const MetadataValue* find(std::string_view key) const;
  const TensorView* find_tensor(std::string_view name) const;

  // Typed reads.  Errors: not_found when absent, corrupt_data when of another kind or negative; the message names file,
  // key, wanted and found.  number() accepts integers too.
  Result<std::uint64_t> unsigned_integer(std::string_view key) const;
  Result<double> number(std::string_view key) const;
  Result<bool> boolean(std::string_view key) const;
  Result<std::string_view> string(std::string_view key) const;
  Result<const StringArray*> strings(std::string_view key) const;
  Result<std::vector<double>> numbers(std::string_view key) const;
  Result<std::vector<std::int64_t>> integers(std::string_view key) const;

  // As above, but `fallback` when absent (still an error when of another kind).
  Result<std::uint64_t> unsigned_integer_or(std::string_view key, std::uint64_t fallback) const;
  Result<double> number_or(std::string_view key, double fallback) const;
  Result<bool> boolean_or(std::string_view key, bool fallback) const;
  Result<std::string_view> string_or(std::string_view key, std::string_view fallback) const;

 private:
  friend class CheckpointBuilder;
  Checkpoint() = default;

  std::string path_;
  std::string format_;
  std::uint64_t file_bytes_ = 0;
  std::vector<FileMap> files_;
  std::vector<std::vector<std::byte>> buffers_;  // of tensors that are not stored as they are used
  std::vector<MetadataEntry> metadata_;          // sorted by key
  std::vector<TensorView> tensors_;              // in file order
  std::vector<std::uint32_t> tensors_by_name_;   // indices into tensors_, sorted by name
};

// Opens any format that we read: a GGUF file (v2, v3), told by content, or one of its parts; a Hugging Face folder,
// named by itself or by its config.json, model.safetensors or model.safetensors.index.json, whose names become GGUF's;
// a safetensors file alone, which has tensors under their own names and no metadata. Errors: not_found,
// permission_denied, corrupt_data
// ("not a model file ..."), invalid_argument (well formed, but of a kind that we do not run), with file, field,
// expected and got.
Result<Checkpoint> open_checkpoint(const std::string& path);

// Reads a GGUF image that lies in memory (the built-in model, tests, fuzzers).  bytes must outlive the checkpoint and
// be aligned to 32.  `name` stands for the path in messages.
Result<Checkpoint> read_gguf(std::span<const std::byte> bytes, std::string name);

}  // namespace sixfold::formats
