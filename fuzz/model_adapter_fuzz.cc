// Any bytes as a LoRA adapter of a small model: a GGUF image, or a folder's two files (the length of
// adapter_config.json in two bytes, low one first, that file, and adapter_model.safetensors).  What loads must be able
// to compute.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/json.h"
#include "formats/gguf_write.h"
#include "formats/huggingface/peft_adapter.h"
#include "model/adapter.h"
#include "model/aligned_floats.h"
#include "model/model.h"

using namespace sixfold;

namespace {

constexpr std::size_t kWidth = 8;  // of everything

kernels::WorkerPool& pool() {
  static kernels::WorkerPool one(1);
  return one;
}

// One layer of LLaMA; the weights are all alike.
std::vector<std::byte> model_image() {
  const std::vector<float> values(kWidth * kWidth, 0.125F);
  const auto bytes = std::as_bytes(std::span(values));
  std::vector<TensorView> tensors;
  for (const char* name : {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"}) {
    tensors.push_back({"blk.0." + std::string(name) + ".weight", DType::kF32, {{kWidth, kWidth}, 2}, bytes});
  }
  tensors.push_back({"token_embd.weight", DType::kF32, {{kWidth, kWidth}, 2}, bytes});
  for (const char* name : {"blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"}) {
    tensors.push_back({name, DType::kF32, {{kWidth}, 1}, bytes.first(kWidth * sizeof(float))});
  }
  std::vector<formats::MetadataEntry> metadata = {{"general.architecture", std::string("llama")},
                                                  {"llama.attention.layer_norm_rms_epsilon", 1e-3}};
  for (const char* key : {"embedding_length", "feed_forward_length", "context_length"}) {
    metadata.push_back({"llama." + std::string(key), std::uint64_t{kWidth}});
  }
  for (const char* key : {"block_count", "attention.head_count", "attention.head_count_kv"}) {
    metadata.push_back({"llama." + std::string(key), std::uint64_t{1}});
  }
  auto image = formats::make_gguf({.metadata = metadata, .tensors = tensors});
  if (!image.is_ok()) std::abort();
  return std::move(image).value();
}

model::AlignedFloats aligned_copy(std::span<const std::byte> bytes) {
  model::AlignedFloats copy = model::make_aligned_floats(bytes.size() / sizeof(float) + 1);
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  return copy;
}

model::Model& base() {
  static const std::vector<std::byte> image = model_image();
  static const model::AlignedFloats bytes = aligned_copy(image);
  static const auto loaded = [] {
    const std::span<const std::byte> whole(reinterpret_cast<const std::byte*>(bytes.get()), image.size());
    auto checkpoint = formats::read_gguf(whole, "base");
    if (!checkpoint.is_ok()) std::abort();
    auto made = model::load(std::move(checkpoint).value(), pool(), {.rows_max = 2});
    if (!made.is_ok()) std::abort();
    return std::move(made).value();
  }();
  return *loaded;
}

Result<formats::Checkpoint> open(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (text.starts_with("GGUF")) return formats::read_gguf(bytes, "fuzz");
  const std::size_t length =
      text.size() < 2 ? 0
                      : static_cast<unsigned char>(text[0]) + std::size_t{256} * static_cast<unsigned char>(text[1]);
  const std::string_view rest = text.substr(std::min<std::size_t>(2, text.size()));
  const std::size_t end = std::min(length, rest.size());
  auto config = parse_json(rest.substr(0, end), "adapter_config.json");
  if (!config.is_ok()) return std::move(config).error();
  if (!config->is_object()) return Error{ErrorCode::kCorruptData, "no object"};
  return formats::huggingface::read_peft(config->get_object(), std::as_bytes(std::span(rest.substr(end))), "fuzz",
                                         "llama");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const model::AlignedFloats bytes = aligned_copy(std::as_bytes(std::span(data, size)));
  const auto checkpoint = open({reinterpret_cast<const std::byte*>(bytes.get()), size});
  if (!checkpoint.is_ok()) return 0;
  const auto adapter = base().load_adapter(*checkpoint);
  if (!adapter.is_ok()) {
    if (adapter.error().message.empty()) std::abort();
    return 0;
  }
  auto kv = model::KvPages::allocate(base().kv_shape(kernels::KvDType::kF16), 1);
  if (!kv.is_ok()) std::abort();
  const model::BatchRow rows[] = {{.token = 1, .position = 0}, {.token = 2, .position = 1, .wants_logits = true}};
  const model::PageId page = 0;
  const std::span<const model::PageId> pages(&page, 1);
  const model::AdapterUse use = {adapter->get(), 0.5F};
  std::vector<float> logits(kWidth);
  if (!base().forward({.rows = rows, .pages = {&pages, 1}, .adapters = {&use, 1}}, *kv, logits).is_ok()) std::abort();
  return 0;
}
