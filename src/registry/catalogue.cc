// The list.  A row needs a licence that allows use without asking, and an architecture that sixfold runs.
#include "registry/catalogue.h"

#include <algorithm>
#include <array>

namespace sixfold::registry {
namespace {

constexpr std::array<CatalogueEntry, 11> kEntries = {{
    {"all-minilm-l6", "hf:sentence-transformers/all-MiniLM-L6-v2", "Apache-2.0", 92,
     "embeddings of English sentences, the smallest"},
    {"bge-small-en", "hf:BAAI/bge-small-en-v1.5", "MIT", 135, "embeddings for search in English"},
    {"gpt2", "hf:openai-community/gpt2", "MIT", 551, "continuing English text; the classic to compare with"},
    {"phi-3-mini", "hf:microsoft/Phi-3-mini-4k-instruct-gguf:q4", "MIT", 2393, "reasoning and code for its size"},
    {"qwen2.5-0.5b", "hf:Qwen/Qwen2.5-0.5B-Instruct-GGUF:q4_k_m", "Apache-2.0", 491,
     "chat in many languages on any machine"},
    {"qwen2.5-1.5b", "hf:Qwen/Qwen2.5-1.5B-Instruct-GGUF:q4_k_m", "Apache-2.0", 1117,
     "chat in many languages; a good first choice"},
    {"qwen2.5-coder-1.5b", "hf:Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF:q4_k_m", "Apache-2.0", 1117,
     "completing and explaining code"},
    {"qwen3-0.6b", "hf:Qwen/Qwen3-0.6B-GGUF:Q8_0", "Apache-2.0", 639, "chat with thinking, very small"},
    {"qwen3-1.7b", "hf:Qwen/Qwen3-1.7B-GGUF:Q8_0", "Apache-2.0", 1834, "chat with thinking in many languages"},
    {"smollm2-1.7b", "hf:HuggingFaceTB/SmolLM2-1.7B-Instruct-GGUF:q4_k_m", "Apache-2.0", 1056,
     "chat in English, summaries, rewriting"},
    {"smollm2-135m", "hf:HuggingFaceTB/SmolLM2-135M-Instruct", "Apache-2.0", 272,
     "the smallest that answers; for trying things out"},
}};

}  // namespace

std::span<const CatalogueEntry> catalogue() {
  return kEntries;
}

const CatalogueEntry* find_in_catalogue(std::string_view name) {
  const auto found =
      std::find_if(kEntries.begin(), kEntries.end(), [&](const CatalogueEntry& entry) { return entry.name == name; });
  return found == kEntries.end() ? nullptr : &*found;
}

}  // namespace sixfold::registry
