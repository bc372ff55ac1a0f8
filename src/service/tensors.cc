// Rows of models that take one at a time.
#include "service/tensors.h"

#include <algorithm>

#include "core/error.h"

namespace sixfold::service {
namespace {

// How many runs the inputs ask for: 1 unless every input stands for one row and all have the same other number.
std::size_t runs_of(const std::vector<TensorSpec>& specs, const std::vector<HostTensor>& inputs) {
  if (specs.empty() || specs.size() != inputs.size()) return 1;
  std::int64_t rows = -1;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const bool is_one_row = !specs[i].shape.empty() && specs[i].shape.front() == 1;
    if (!is_one_row || inputs[i].shape.empty()) return 1;
    if (rows >= 0 && inputs[i].shape.front() != rows) return 1;
    rows = inputs[i].shape.front();
  }
  return rows < 1 ? 1 : static_cast<std::size_t>(rows);
}

Status append_row(HostTensor& all, const HostTensor& row) {
  const bool is_row = !row.shape.empty() && row.shape.front() == 1;
  if (!is_row || row.columns != all.columns ||
      !std::equal(row.shape.begin() + 1, row.shape.end(), all.shape.begin() + 1, all.shape.end())) {
    return invalid_argument(
        "the model takes one row at a time, and output \"{}\" of shape {} cannot be put together; ask for one instance",
        row.name, shown_shape(row.shape));
  }
  all.shape.front() += 1;
  all.bytes.insert(all.bytes.end(), row.bytes.begin(), row.bytes.end());
  all.strings.insert(all.strings.end(), row.strings.begin(), row.strings.end());
  return ok();
}

}  // namespace

bool has_rows(const TensorSpec& spec) {
  return !spec.shape.empty() && (spec.shape.front() < 0 || spec.shape.front() == 1);
}

bool has_rows(const std::vector<TensorSpec>& specs) {
  return !specs.empty() && std::all_of(specs.begin(), specs.end(), [](const TensorSpec& s) { return has_rows(s); });
}

std::size_t count_rows(const std::vector<HostTensor>& inputs) {
  if (inputs.empty() || inputs.front().shape.empty()) return 1;
  return static_cast<std::size_t>(std::max<std::int64_t>(1, inputs.front().shape.front()));
}

HostTensor rows_of(const HostTensor& tensor, std::size_t begin, std::size_t count) {
  HostTensor part{.name = tensor.name,
                  .type = tensor.type,
                  .shape = tensor.shape,
                  .bytes = {},
                  .strings = {},
                  .columns = tensor.columns};
  const auto rows = static_cast<std::size_t>(tensor.shape.front());
  part.shape.front() = static_cast<std::int64_t>(count);
  const auto cut = [&](const auto& values, auto& to) {
    const std::size_t each = values.size() / rows;
    const auto at = values.begin() + static_cast<std::ptrdiff_t>(begin * each);
    to.assign(at, at + static_cast<std::ptrdiff_t>(count * each));
  };
  cut(tensor.bytes, part.bytes);
  cut(tensor.strings, part.strings);
  return part;
}

Result<std::vector<HostTensor>> run_rows(const TensorModel& model, const std::vector<HostTensor>& inputs,
                                         const std::vector<std::string>& outputs, const std::stop_token& stop) {
  const std::size_t rows = runs_of(model.signature().inputs, inputs);
  if (rows == 1) return model.run(inputs, outputs);
  // All of them are checked first, so that a row's values lie where its number says.
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    TensorSpec spec = model.signature().inputs[i];
    spec.shape.front() = -1;
    const Status fits = check_against(spec, inputs[i]);
    if (!fits) return with_context(fits.error(), fmt::format("input \"{}\"", spec.name));
  }
  std::vector<HostTensor> all;
  for (std::size_t row = 0; row < rows; ++row) {
    if (stop.stop_requested()) return resource_exhausted("the request was cancelled");
    std::vector<HostTensor> parts;
    parts.reserve(inputs.size());
    for (const HostTensor& input : inputs) parts.push_back(rows_of(input, row, 1));
    SIXFOLD_TRY(std::vector<HostTensor> got, model.run(parts, outputs));
    if (row == 0) {
      for (const HostTensor& tensor : got) {
        all.push_back({.name = tensor.name,
                       .type = tensor.type,
                       .shape = tensor.shape,
                       .bytes = {},
                       .strings = {},
                       .columns = tensor.columns});
        if (!tensor.shape.empty()) all.back().shape.front() = 0;
      }
    }
    for (std::size_t i = 0; i < all.size(); ++i) SIXFOLD_TRY_STATUS(append_row(all[i], got[i]));
  }
  return all;
}

}  // namespace sixfold::service
