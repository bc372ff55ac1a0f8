// Tensors that are stored in another form than GGUF's.
#include "formats/huggingface/stored_tensors.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "core/error.h"
#include "tensor/half.h"

namespace sixfold::formats::huggingface {
namespace {

constexpr std::string_view kOutputName = "output.weight";

class TensorAdder {
 public:
  TensorAdder(const Family& family, const ModelFacts& facts, CheckpointBuilder& builder)
      : family_(family), facts_(facts), builder_(builder) {}

  Status add(const SafetensorsTensor& stored, const std::string& file);
  Status add_rope_factors();

 private:
  bool is_ignored(const NamedTensor& named) const;
  Status take_rows_behind_padding(TensorView& view, const std::string& where) const;
  void transpose(TensorView& view);
  void add_one(TensorView& view);
  void give_buffer(TensorView& view, std::vector<std::byte> buffer);

  const Family& family_;
  const ModelFacts& facts_;
  CheckpointBuilder& builder_;
};

bool TensorAdder::is_ignored(const NamedTensor& named) const {
  if (named.form == Form::kIgnored) return true;
  if (named.name == kOutputName) return facts_.is_tied;  // a copy of the embedding
  return !facts_.has_classifier && named.name.starts_with("cls.");
}

void TensorAdder::give_buffer(TensorView& view, std::vector<std::byte> buffer) {
  view.bytes = buffer;
  builder_.add_buffer(std::move(buffer));
}

Status TensorAdder::take_rows_behind_padding(TensorView& view, const std::string& where) const {
  if (view.shape.rank != 2 || view.shape[0] <= facts_.padding_rows) {
    return corrupt_data("{}: shape {}, want more than {} rows", where, to_string(view.shape), facts_.padding_rows);
  }
  view.bytes = view.bytes.subspan(row_bytes(view.dtype, view.shape[1]) * facts_.padding_rows);
  view.shape.dims[0] -= facts_.padding_rows;
  return ok();
}

void TensorAdder::transpose(TensorView& view) {
  const std::size_t size = dtype_info(view.dtype).block_bytes;  // of one element: the file has no blocks
  const std::size_t rows = view.shape[0];
  const std::size_t cols = view.shape[1];
  std::vector<std::byte> turned(view.bytes.size());
  for (std::size_t r = 0; r < rows; ++r) {
    for (std::size_t c = 0; c < cols; ++c) {
      std::memcpy(turned.data() + (c * rows + r) * size, view.bytes.data() + (r * cols + c) * size, size);
    }
  }
  std::swap(view.shape.dims[0], view.shape.dims[1]);
  give_buffer(view, std::move(turned));
}

float element(const TensorView& view, std::size_t index) {
  if (view.dtype == DType::kF32) {
    float value = 0;
    std::memcpy(&value, view.bytes.data() + index * sizeof value, sizeof value);
    return value;
  }
  std::uint16_t half = 0;
  std::memcpy(&half, view.bytes.data() + index * sizeof half, sizeof half);
  return view.dtype == DType::kF16 ? f32_from_f16(half) : f32_from_bf16(half);
}

// In f32, as the model adds them too.
void TensorAdder::add_one(TensorView& view) {
  std::vector<std::byte> sums(view.shape.elements() * sizeof(float));
  for (std::size_t i = 0; i < view.shape.elements(); ++i) {
    const float sum = element(view, i) + 1;
    std::memcpy(sums.data() + i * sizeof sum, &sum, sizeof sum);
  }
  view.dtype = DType::kF32;
  give_buffer(view, std::move(sums));
}

Status TensorAdder::add(const SafetensorsTensor& stored, const std::string& file) {
  const std::string where = file + ": tensor " + shown_text(stored.name);
  auto named = rename_tensor(stored.name, family_.prefix, family_.names);
  if (!named) return invalid_argument("{}: not a part of a {} model that is supported", where, family_.model_type);
  if (is_ignored(*named)) return ok();
  SIXFOLD_TRY(TensorView view, to_tensor_view(stored, file));
  view.name = std::move(named->name);
  const bool is_vector = view.shape.rank == 1;
  switch (named->form) {
    case Form::kAsStored:
      if (family_.has_norm_offsets && is_vector && view.name.ends_with("_norm.weight")) add_one(view);
      break;
    case Form::kTransposed:
      if (view.shape.rank == 2) transpose(view);  // a bias is not
      break;
    case Form::kFlat:
      if (view.shape.rank == 2 && view.shape[0] == 1) view.shape = {.dims = {view.shape[1]}, .rank = 1};
      break;
    case Form::kBehindPadding:
      SIXFOLD_TRY_STATUS(take_rows_behind_padding(view, where));
      break;
    case Form::kIgnored:
      break;
  }
  builder_.add_tensor(std::move(view));
  return ok();
}

Status TensorAdder::add_rope_factors() {
  for (const auto& [name, factors] : facts_.rope_factors) {
    TensorView view{.name = name, .dtype = DType::kF32, .shape = {.dims = {factors.size()}, .rank = 1}, .bytes = {}};
    std::vector<float> narrow(factors.begin(), factors.end());
    const auto bytes = std::as_bytes(std::span(narrow));
    give_buffer(view, {bytes.begin(), bytes.end()});
    builder_.add_tensor(std::move(view));
  }
  return ok();
}

}  // namespace

Status add_tensors(const WeightFiles& weights, const Family& family, const ModelFacts& facts,
                   CheckpointBuilder& builder) {
  try {
    TensorAdder adder(family, facts, builder);
    for (const StoredTensor& stored : weights.tensors) {
      SIXFOLD_TRY_STATUS(adder.add(stored.tensor, weights.files[stored.file].path()));
    }
    return adder.add_rope_factors();
  } catch (const std::bad_alloc&) {
    return resource_exhausted("{}: no memory for tensors in another form", weights.files.front().path());
  }
}

}  // namespace sixfold::formats::huggingface
