// The rows of targets, and the way to one.
#include "registry/push/push.h"

#include <array>
#include <numeric>

#include "core/error.h"
#include "net/url.h"
#include "registry/push/target_list.h"

namespace sixfold::registry {
namespace {

constexpr std::array<TargetRow, 2> kRows = {{
    {"oci:", "oci:[HOST/]NAME[:TAG]", push_oci},
    {"s3:", "s3:BUCKET/FOLDER/ | s3:BUCKET/FILE.gguf", push_s3},
}};

}  // namespace

std::span<const TargetRow> target_rows() {
  return kRows;
}

std::uint64_t ModelToPush::bytes() const {
  return std::accumulate(files.begin(), files.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const PushFile& file) { return sum + file.about.bytes; });
}

std::function<void(std::uint64_t)> PushProgress::counter(const RecordedFile& file) const {
  if (!options_.pull.progress) return {};
  return [this, &file](std::uint64_t bytes) { options_.pull.progress({file.path, done_ + bytes, total_}); };
}

Result<Pushed> push(const std::string& model, const std::string& target, const PushOptions& options) {
  for (const TargetRow& row : kRows) {
    if (!target.starts_with(row.scheme)) continue;
    SIXFOLD_TRY(const ModelToPush found, collect_model(model, options));
    return row.push(target.substr(row.scheme.size()), found, options);
  }
  std::string forms;
  for (const TargetRow& row : kRows) forms += fmt::format("\n  {}", row.form);
  return invalid_argument("target \"{}\": want one of{}", net::shown_url(target), forms);
}

}  // namespace sixfold::registry
