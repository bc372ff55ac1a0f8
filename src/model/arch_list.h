// The list of architectures that can be loaded.
#pragma once
#include <memory>
#include <span>
#include <string_view>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "kernels/worker_pool.h"
#include "model/decoder_traits.h"
#include "model/model.h"

namespace sixfold::model {

struct Architecture {
  std::string_view name;  // GGUF's general.architecture, and the prefix of its keys
  Result<std::unique_ptr<Model>> (*load)(const Architecture& architecture, formats::Checkpoint checkpoint,
                                         kernels::WorkerPool& pool, const LoadOptions& options);
  DecoderTraits traits;
};

std::span<const Architecture> architectures();

// Loads a decoder of the LLaMA family (arch_llama.cc).
Result<std::unique_ptr<Model>> load_llama(const Architecture& architecture, formats::Checkpoint checkpoint,
                                          kernels::WorkerPool& pool, const LoadOptions& options);

}  // namespace sixfold::model
