// From the names of tensors in Hugging Face checkpoints to GGUF's.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sixfold::formats::huggingface {

// How a tensor is to be taken.
enum class Form {
  kAsStored,
  kTransposed,     // stored [inputs, outputs], as GPT-2's own layer does
  kFlat,           // stored [1, n]: a vector
  kBehindPadding,  // rows of positions, the first of which belong to padding
  kIgnored,        // a constant, or a part that is not used
};

// "{}" stands for a number, in the same order on both sides.  ".weight" or ".bias" follows on both.
struct NameRule {
  std::string_view theirs;
  std::string_view ours;
  Form form = Form::kAsStored;
};

struct NamedTensor {
  std::string name;
  Form form = Form::kAsStored;
};

// prefix: of the model's body, such as "model."; names may come without it.  The first rule that fits counts.
// Nothing when none does.
std::optional<NamedTensor> rename_tensor(std::string_view theirs, std::string_view prefix,
                                         std::span<const std::span<const NameRule>> rules);

// Decoders whose layers are named as LLaMA's: with norms before attention and feed-forward...
extern const std::span<const NameRule> kDecoderNames;
// ...and what those have under other names: norms after both blocks too (Gemma 2 and 3), or only after (OLMo 2);
extern const std::span<const NameRule> kPostNormNames;
// experts as in Mixtral, and as in Qwen's mixtures;
extern const std::span<const NameRule> kMixtralExpertNames;
extern const std::span<const NameRule> kQwenExpertNames;
// two plain matrices as feed-forward.
extern const std::span<const NameRule> kStarCoderNames;

extern const std::span<const NameRule> kGpt2Names;
extern const std::span<const NameRule> kBertNames;
extern const std::span<const NameRule> kRobertaNames;  // to be put before kBertNames
extern const std::span<const NameRule> kNomicNames;    // to be put before kBertNames

}  // namespace sixfold::formats::huggingface
