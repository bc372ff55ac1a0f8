// The backend of a model that reads texts and writes none: tokenizer and encoder, on this machine.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "engine/encoder_engine.h"
#include "service/backend.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::service {

struct EncoderBackendOptions {
  std::string model = {};                 // the name clients use; empty: the model's own
  std::vector<std::string> aliases = {};  // further names
  // Of embeddings; nothing: what the model was trained for.
  std::optional<model::EncoderOutput> pooling = {};
  const Clock* clock = nullptr;  // null: the system's
};

// Thread-safe.
class EncoderBackend final : public Backend {
 public:
  EncoderBackend(std::unique_ptr<engine::EncoderEngine> engine, std::shared_ptr<const tokenizer::Tokenizer> tokenizer,
                 EncoderBackendOptions options);

  Result<std::shared_ptr<Generation>> generate(GenerateRequest request) override;
  Status embed(EmbedRequest request, Done<Embeddings> done) override;
  Status score(ScoreRequest request, Done<Scores> done) override;
  BackendDescription describe() const override { return description_; }
  Result<std::vector<TokenId>> tokenize(std::string_view text, bool adds_special, bool parses_special) const override;
  Result<std::string> detokenize(const std::vector<TokenId>& tokens) const override;
  std::string token_text(TokenId token) const override { return tokenizer_->piece(token, true); }
  bool is_ready() const override { return engine_->status().is_ready; }

 private:
  Result<engine::EncoderInput> input_of(const Text& text, bool truncates) const;
  Result<engine::EncoderInput> input_of(const ScoredText& text, bool truncates) const;

  // Constant after construction.
  const std::shared_ptr<const tokenizer::Tokenizer> tokenizer_;
  BackendDescription description_;
  std::optional<TokenId> end_;  // behind every text: [SEP], </s>
  model::EncoderOutput embedding_output_ = model::EncoderOutput::kMean;
  std::unique_ptr<engine::EncoderEngine> engine_;  // ends first: its thread calls what requests brought
};

}  // namespace sixfold::service
