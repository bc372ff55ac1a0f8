// Any bytes as a model file: read, load, make the tokenizer, and compute two tokens.  Errors are fine; stopping is not.
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "formats/checkpoint.h"
#include "kernels/worker_pool.h"
#include "model/aligned_floats.h"
#include "model/model.h"
#include "tokenizer/tokenizer.h"

using namespace sixfold;

namespace {

kernels::WorkerPool& pool() {
  static kernels::WorkerPool one(1);
  return one;
}

void compute_two_tokens(model::Model& loaded) {
  const model::KvShape shape = loaded.kv_shape(kernels::KvDType::kF16);
  if (shape.page_bytes() > (std::size_t{64} << 20)) return;
  auto kv = model::KvPages::allocate(shape, 1);
  if (!kv.is_ok()) return;
  const model::BatchRow rows[] = {{.token = 0, .position = 0, .sequence = 0, .wants_logits = false},
                                  {.token = 1, .position = 1, .sequence = 0, .wants_logits = true}};
  const model::PageId page = 0;
  const std::span<const model::PageId> pages(&page, 1);
  std::vector<float> logits(loaded.description().vocabulary);
  // Refused when the vocabulary or the context is too small.
  static_cast<void>(loaded.forward({.rows = rows, .pages = {&pages, 1}}, *kv, logits));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const model::AlignedFloats aligned = model::make_aligned_floats(size / sizeof(float) + 1);
  auto* bytes = reinterpret_cast<std::byte*>(aligned.get());
  if (size != 0) std::memcpy(bytes, data, size);
  auto checkpoint = formats::read_gguf({bytes, size}, "fuzz");
  if (!checkpoint.is_ok()) return 0;
  auto vocabulary = model::read_vocabulary(*checkpoint);
  if (vocabulary.is_ok()) {
    const auto tokenizer = tokenizer::make_tokenizer(std::move(vocabulary).value());
    if (tokenizer.is_ok()) static_cast<void>((*tokenizer)->encode("ab t3 <s>", {}));
  }
  const auto loaded = model::load(std::move(checkpoint).value(), pool(), {.rows_max = 2});
  if (loaded.is_ok()) compute_two_tokens(**loaded);
  return 0;
}
