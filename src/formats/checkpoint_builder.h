// Assembles a Checkpoint from what a format reader found; the place where names are checked to be unique.
#pragma once
#include <string>
#include <utility>
#include <vector>

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

  // Makes the checkpoint own what its tensors point into.  Neither moves in memory.
  void add_file(FileMap file) { checkpoint_.files_.push_back(std::move(file)); }
  void add_buffer(std::vector<std::byte> buffer) { checkpoint_.buffers_.push_back(std::move(buffer)); }
  static void give_file(Checkpoint& checkpoint, FileMap file) { checkpoint.files_.push_back(std::move(file)); }

 private:
  Checkpoint checkpoint_;
};

// Text from a file, fit for a message: quoted, control and broken bytes as \xNN, long text cut.
std::string shown_text(std::string_view text);

}  // namespace sixfold::formats
