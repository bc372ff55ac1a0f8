// Assembles a Checkpoint from what a format reader found; the place where names are checked to be unique.
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "formats/checkpoint.h"

namespace sixfold::formats {

// One thread.  Used once.
class CheckpointBuilder {
 public:
  CheckpointBuilder(std::string path, std::string format, std::uint64_t file_bytes);

  void add_metadata(MetadataEntry entry) { checkpoint_.metadata_.push_back(std::move(entry)); }
  void add_tensor(TensorView tensor) { checkpoint_.tensors_.push_back(std::move(tensor)); }

  // Errors: corrupt_data when two entries or two tensors have one name.
  Result<Checkpoint> finish() &&;

  // Makes the checkpoint own the mapping that its tensors point into.
  static void give_file(Checkpoint& checkpoint, std::unique_ptr<FileMap> file) { checkpoint.file_ = std::move(file); }

 private:
  Checkpoint checkpoint_;
};

// Text from a file, fit for a message: quoted, control and broken bytes as \xNN, long text cut.
std::string quoted(std::string_view text);

}  // namespace sixfold::formats
