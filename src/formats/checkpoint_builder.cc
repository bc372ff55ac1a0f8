// Sorts metadata and tensor names and refuses duplicates.
#include "formats/checkpoint_builder.h"

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "core/utf8.h"

namespace sixfold::formats {

CheckpointBuilder::CheckpointBuilder(std::string path, std::string format, std::uint64_t file_bytes) {
  checkpoint_.path_ = std::move(path);
  checkpoint_.format_ = std::move(format);
  checkpoint_.file_bytes_ = file_bytes;
}

Result<Checkpoint> CheckpointBuilder::finish() && {
  auto& metadata = checkpoint_.metadata_;
  std::sort(metadata.begin(), metadata.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
  const auto twin_key =
      std::adjacent_find(metadata.begin(), metadata.end(), [](const auto& a, const auto& b) { return a.key == b.key; });
  if (twin_key != metadata.end()) {
    return corrupt_data("{}: metadata {}: want one entry, got two", checkpoint_.path_, shown_text(twin_key->key));
  }

  const auto& tensors = checkpoint_.tensors_;
  auto& order = checkpoint_.tensors_by_name_;
  order.resize(tensors.size());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return tensors[a].name < tensors[b].name; });
  const auto twin = std::adjacent_find(order.begin(), order.end(),
                                       [&](auto a, auto b) { return tensors[a].name == tensors[b].name; });
  if (twin != order.end()) {
    return corrupt_data("{}: tensor {}: want one of this name, got two", checkpoint_.path_,
                        shown_text(tensors[*twin].name));
  }
  return std::move(checkpoint_);
}

std::string shown_text(std::string_view text) {
  constexpr std::size_t kShownBytesMax = 96;
  std::string shown = "\"";
  while (!text.empty()) {
    if (shown.size() > kShownBytesMax) return shown + "...\"";
    const Utf8Step step = read_utf8(text);
    const bool is_plain =
        step.is_valid && step.code_point >= 0x20 && (step.code_point < 0x7F || step.code_point >= 0xA0);
    if (is_plain) {
      shown += text.substr(0, step.bytes);
    } else {
      for (const char byte : text.substr(0, step.bytes)) {
        shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
      }
    }
    text.remove_prefix(step.bytes);
  }
  return shown + "\"";
}

}  // namespace sixfold::formats
