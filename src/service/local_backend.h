// The backend that answers from this machine: chat template, tokenizer, engine.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "core/clock.h"
#include "core/thread_annotations.h"
#include "engine/engine.h"
#include "service/backend.h"
#include "service/chat/chat_format.h"
#include "service/chat/reasoning_split.h"
#include "service/rule_cache.h"
#include "tokenizer/chat_template.h"

namespace sixfold::service {

struct LocalBackendOptions {
  std::string model;                 // the name clients use; empty: the model's own
  std::vector<std::string> aliases;  // further names
  bool is_chat_model = false;        // the chat template is the model's own
  engine::SamplingOptions sampling;  // of requests that do not say otherwise
  const Clock* clock = nullptr;      // null: the system's
};

// Thread-safe.
class LocalBackend final : public Backend {
 public:
  LocalBackend(std::unique_ptr<engine::Engine> engine, std::unique_ptr<tokenizer::ChatTemplate> chat_template,
               LocalBackendOptions options);
  ~LocalBackend() override;

  Result<std::shared_ptr<Generation>> generate(GenerateRequest request) override;
  Status embed(EmbedRequest request, Done<Embeddings> done) override;
  Status score(ScoreRequest request, Done<Scores> done) override;
  Status load_adapter(AdapterSource source, Done<Unit> done) override;
  Status unload_adapter(const std::string& name) override;
  Result<std::string> prompt_text(const GenerateRequest& request) const override;
  Result<std::vector<TokenId>> prompt_tokens(const GenerateRequest& request) const override;
  Result<std::vector<TokenId>> infill_prompt(const tokenizer::InfillInput& input) const override;
  BackendDescription describe() const override;
  std::string chat_template_source() const override { return engine_->tokenizer().chat_template(); }
  Result<std::vector<TokenId>> tokenize(std::string_view text, bool adds_special, bool parses_special) const override;
  Result<std::string> detokenize(const std::vector<TokenId>& tokens) const override;
  std::string token_text(TokenId token) const override;
  bool is_ready() const override;

  engine::Engine& engine() { return *engine_; }

 private:
  struct Prompt {
    std::vector<TokenId> tokens;
    bool ends_in_reasoning = false;
  };
  Result<Prompt> prompt_of(const GenerateRequest& request) const;
  // What holds the reasoning of the answer to the request's limit.  Errors: as Tokenizer::encode.
  Result<engine::ReasoningBudget> reasoning_budget(const GenerateRequest& request, bool is_open) const;
  Status choose_adapter(const GenerateRequest& request, engine::EngineRequest& work) const;

  const std::unique_ptr<engine::Engine> engine_;
  const std::unique_ptr<tokenizer::ChatTemplate> chat_template_;
  const ToolFormat& tool_format_;
  const ReasoningFormat* const reasoning_format_;  // null: the model does not think
  const Clock& clock_;
  BackendDescription description_;  // constant after construction; without adapters
  RuleCache rules_;                 // thread-safe

  std::mutex loading_mutex_;
  std::thread loading_ SIXFOLD_GUARDED_BY(loading_mutex_);  // the newest; ended when is_loading_ is false
  std::atomic<bool> is_loading_{false};
};

}  // namespace sixfold::service
