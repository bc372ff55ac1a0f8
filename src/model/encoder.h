// A model that reads whole texts: tokens in; vectors of tokens, one vector of a text, or scores of classes out.
#pragma once
#include <cstddef>
#include <limits>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "formats/checkpoint.h"
#include "kernels/worker_pool.h"
#include "model/model.h"

namespace sixfold::model {

// What is made of a text's tokens.
enum class EncoderOutput {
  kTokens,  // a vector of every token
  kMean,    // one vector: the mean of all
  kFirst,   // one vector: the first token's, [CLS]
  kLast,    // one vector: the last token's
  kScores,  // one number for each class, as the classification head gives them: neither sigmoid nor softmax is applied
};
std::string_view to_string(EncoderOutput output);  // "tokens" "mean" "cls" "last" "scores"

// One text, or a pair of texts to be judged together, with the special tokens that the model was trained with.
struct EncoderText {
  static constexpr std::size_t kNoSecond = std::numeric_limits<std::size_t>::max();

  std::span<const TokenId> tokens;
  std::size_t second_begin = kNoSecond;  // first token of a pair's second text
};

struct EncoderDescription {
  ModelDescription model;                       // context_max: tokens of one text at most
  EncoderOutput output = EncoderOutput::kMean;  // what the model was trained for
  std::vector<std::string> classes;             // names of what its scores are for; empty without a classification head
  std::size_t token_types = 0;  // that it tells texts of a pair apart by; RoBERTa has one, which tells nothing
};

// Immutable weights plus scratch buffers; one thread at a time.
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual const EncoderDescription& description() const = 0;

  // Tokens that are computed together at most, unless one text alone has more; each text counts in whole steps of
  // kEncoderRowStep.  A call with more texts than that is computed in parts, one after another.
  virtual std::size_t rows_max() const = 0;

  // out: the texts' outputs one after another, f32.  kTokens: [tokens, width] of each text; kMean, kFirst, kLast:
  // [width]; kScores: [classes].
  // A text's output does not depend on the others: the same bits alone or among them.
  // Errors: invalid_argument (a text without tokens or longer than context_max, a token out of range, another size of
  // out, scores without a head): nothing was computed then.
  virtual Status encode(std::span<const EncoderText> texts, EncoderOutput output, std::span<float> out) = 0;
};

inline constexpr std::size_t kEncoderRowStep = 32;

// Numbers that encode writes for one text.
std::size_t output_size(const EncoderDescription& description, EncoderOutput output, std::size_t tokens);

// Whether the checkpoint holds a model that load_encoder is meant for: an encoder architecture, or a decoder that was
// trained for embeddings (it names a pooling).
bool is_encoder(const formats::Checkpoint& checkpoint);

// Builds the encoder that general.architecture names (arch_list.cc).  A decoder becomes one too: its outputs are the
// states that its logits would be made of, and each token sees only those before it.  pool must outlive the encoder.
// Errors: as load, and invalid_argument for a pooling that we do not know.
Result<std::unique_ptr<Encoder>> load_encoder(formats::Checkpoint checkpoint, kernels::WorkerPool& pool,
                                              const LoadOptions& options);

}  // namespace sixfold::model
