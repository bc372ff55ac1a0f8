// The hinge of every mode: one interface for "answer this", whoever does the work.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.h"
#include "engine/request.h"
#include "tokenizer/chat_template.h"

namespace sixfold::service {

using tokenizer::TokenId;

// A request as every dialect's parser makes it; no JSON from here on.
struct GenerateRequest {
  std::string id;
  std::string model;  // empty = the only one
  // A conversation (rendered with the model's chat template), plain text, or ready token ids.
  std::variant<std::vector<tokenizer::ChatMessage>, std::string, std::vector<TokenId>> input;
  engine::SamplingOptions sampling;
  std::optional<std::size_t> tokens_max;
  std::size_t choices = 1;
  std::vector<std::string> stop;
  bool wants_logprobs = false;
  std::size_t logprobs = 0;  // alternatives
  bool ignores_end = false;
};

// A running request.  Dropping it does not cancel; cancel() does.
class Generation {
 public:
  virtual ~Generation() = default;
  virtual void cancel() = 0;
  // The reader's side of the events: try_next never waits; on_ready as in engine::TokenStream.
  virtual std::optional<engine::TokenEvent> try_next() = 0;
  virtual std::optional<engine::TokenEvent> next() = 0;  // waits
  virtual bool is_finished() const = 0;
  virtual void on_ready(std::function<void()> callback) = 0;
  virtual engine::RequestUsage usage() const = 0;
  virtual std::size_t prompt_tokens() const = 0;
};

struct BackendDescription {
  std::string model;                 // the name clients use
  std::vector<std::string> aliases;  // other names that reach it; "default" always does
  std::string architecture;
  std::string weights;
  std::uint64_t parameters = 0;
  std::uint64_t weight_bytes = 0;
  std::size_t context = 0;      // tokens a request may use
  std::size_t context_max = 0;  // of the model
  std::size_t vocabulary = 0;
  std::int64_t created = 0;    // unix seconds
  std::string chat_template;   // its name
  bool is_chat_model = false;  // the model brought its own chat template, so it was made for conversations
};

// Whether a request for `name` means this model: its name, an alias, "default", or nothing.
bool names_model(const BackendDescription& description, std::string_view name);
Error model_not_found(const BackendDescription& description, std::string_view name);

// Thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;

  // Returns at once.  Errors: as engine::Engine::submit, not_found for another model's name.
  virtual Result<std::shared_ptr<Generation>> generate(GenerateRequest request) = 0;
  virtual BackendDescription describe() const = 0;
  virtual Result<std::vector<TokenId>> tokenize(std::string_view text, bool adds_special,
                                                bool parses_special) const = 0;
  virtual Result<std::string> detokenize(const std::vector<TokenId>& tokens) const = 0;
  virtual std::string token_text(TokenId token) const = 0;  // bytes of one token, for logprobs
  virtual bool is_ready() const = 0;                        // decoding advances
};

}  // namespace sixfold::service
