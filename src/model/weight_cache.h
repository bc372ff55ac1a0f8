// Packed weights kept on disk between starts: found and mapped, or packed anew and written behind the model's back.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/file_map.h"
#include "formats/checkpoint.h"
#include "kernels/packed_matrix.h"
#include "kernels/worker_pool.h"
#include "model/packed_file.h"

namespace sixfold::model {

struct WeightCacheOptions {
  std::string folder = {};                                     // "" = keep nothing, look for nothing
  std::uint64_t file_bytes_min = std::uint64_t{64} << 20;      // smaller models are packed in a moment
  std::uint64_t folder_bytes_max = std::uint64_t{20} << 30;    // of all files there; the longest unused go first
  std::uint64_t disk_bytes_free_min = std::uint64_t{2} << 30;  // or a tenth of the disk, if that is less
  const Clock* clock = nullptr;                                // null = the system's
  std::optional<DType> weights = {};  // what matrices are rounded to: each type is a file of its own
};

// One model's.  Nothing that goes wrong here is an error: the model is packed as if there were no cache.
// One thread; the one that writes in the background is its own.
class WeightCache {
 public:
  // Looks for the file that was made from this checkpoint, and checks all of it, unless a note says that this has been
  // done (verified_note.h).  A damaged one is removed.
  WeightCache(const formats::Checkpoint& checkpoint, kernels::WorkerPool& pool, WeightCacheOptions options);
  ~WeightCache() { stop_writing(); }
  WeightCache(const WeightCache&) = delete;
  WeightCache& operator=(const WeightCache&) = delete;

  bool is_found() const { return map_.has_value(); }

  // The matrix over the mapped file, which this object owns; nothing when the file does not hold just that.
  // slice: of a tensor that holds several matrices.  Cheapest in the order in which they were added.
  std::optional<kernels::PackedMatrix> find(const TensorView& matrix, std::size_t slice);

  // Notes a matrix to be written.  It must live until stop_writing.
  void add(const TensorView& matrix, std::size_t slice, const kernels::PackedMatrix& packed);

  // Writes what was added, or the note that what was found is whole, on a thread of low priority.  Nothing when there
  // is nothing to write, the model is too small, or there is no room.
  void write_in_background();

  // Finishes the writing, on the calling thread and for a few seconds at most, or gives it up.
  void stop_writing();

 private:
  void open(kernels::WorkerPool& pool);
  void remove_file() const;
  const Clock& clock() const { return options_.clock == nullptr ? system_clock() : *options_.clock; }
  void work_while(const std::function<bool()>& may_go_on);
  void write_while(const std::function<bool()>& may_go_on);
  Result<PackedFileWriter> begin_file();

  // Constant after construction.
  const WeightCacheOptions options_;
  PackedKey key_{};
  std::string path_;  // "" when there is no cache
  std::optional<FileMap> map_;
  PackedTable table_;

  std::size_t next_ = 0;                           // where find looks first
  std::vector<PackedPart> added_;                  // by the loading thread; the writer's once it runs
  std::vector<std::span<const std::byte>> bytes_;  // of added_

  // The writing thread's; after it has ended, of the thread that ended it.
  std::optional<PackedFileWriter> file_;
  bool is_written_ = false;              // or cannot be, or need not be
  std::optional<FileIdentity> to_note_;  // the whole file that no note tells of yet

  std::atomic<bool> is_stopping_{false};
  std::thread writer_;
};

}  // namespace sixfold::model
