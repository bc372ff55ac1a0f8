// An Engine with threads but no model: each request gets a thread that says "a b c ..." into a real TokenStream.
#pragma once
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "tokenizer/chat_template.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::service {

// A byte is a token; 256 is the beginning, written <s>.
class ByteTokenizer final : public tokenizer::Tokenizer {
 public:
  Result<std::vector<engine::TokenId>> encode(std::string_view text,
                                              const tokenizer::EncodeOptions& options) const override {
    std::vector<engine::TokenId> tokens;
    if (options.adds_special) tokens.push_back(256);
    for (std::size_t at = 0; at < text.size();) {
      if (options.parses_special && text.substr(at).starts_with("<s>")) {
        tokens.push_back(256);
        at += 3;
      } else {
        tokens.push_back(static_cast<unsigned char>(text[at++]));
      }
    }
    return tokens;
  }
  std::string piece(engine::TokenId token, bool shows_special) const override {
    if (token == 256) return shows_special ? "<s>" : "";
    return std::string(1, static_cast<char>(token));
  }
  std::string decode(std::span<const engine::TokenId> tokens, bool shows_special) const override {
    std::string text;
    for (const engine::TokenId token : tokens) text += piece(token, shows_special);
    return text;
  }
  std::size_t size() const override { return 257; }
  std::optional<engine::TokenId> bos() const override { return 256; }
  std::optional<engine::TokenId> eos() const override { return std::nullopt; }
  bool adds_bos() const override { return true; }
  bool ends_generation(engine::TokenId) const override { return false; }
  std::optional<engine::TokenId> find(std::string_view) const override { return std::nullopt; }
  const std::string& chat_template() const override { return no_template_; }

 private:
  std::string no_template_;
};

// "user: hi\n" after an optional beginning.
class LineTemplate final : public tokenizer::ChatTemplate {
 public:
  explicit LineTemplate(std::string front) : front_(std::move(front)) {}
  Result<std::string> render(const tokenizer::ChatInput& input) const override {
    std::string text = front_;
    for (const tokenizer::ChatMessage& message : input.messages) text += message.role + ": " + message.content + "\n";
    return text;
  }
  std::string_view name() const override { return "lines"; }
  std::string_view source() const override { return source_; }
  const tokenizer::ChatAbilities& abilities() const override { return abilities_; }

 private:
  const std::string front_;
  const std::string source_;
  const tokenizer::ChatAbilities abilities_;
};

class FakeEngine final : public engine::Engine {
 public:
  FakeEngine() {
    description_.name = "fake";
    description_.architecture = "none";
    description_.context_max = 512;
    options_.context = 256;
  }
  ~FakeEngine() override {
    for (const auto& stream : streams_) stream->cancel();
    for (std::thread& thread : threads_) thread.join();
  }

  Result<std::shared_ptr<engine::TokenStream>> submit(engine::EngineRequest request) override {
    const std::lock_guard lock(mutex_);
    auto stream = std::make_shared<engine::TokenStream>([this] {
      const std::lock_guard wake_lock(wake_mutex_);
      woken_.notify_all();
    });
    streams_.push_back(stream);
    requests.push_back(request);
    ++running_;
    threads_.emplace_back([this, stream, work = std::move(request)] { speak(*stream, work); });
    return stream;
  }
  engine::EngineStatus status() const override {
    engine::EngineStatus status;
    status.is_ready = true;
    status.requests_running = running_;
    return status;
  }
  const model::ModelDescription& model() const override { return description_; }
  const tokenizer::Tokenizer& tokenizer() const override { return tokenizer_; }
  const engine::EngineOptions& options() const override { return options_; }
  bool stop(int) override { return true; }

  // False when it does not come to that within 20 s: then something is broken.
  bool wait_until_idle() {
    std::unique_lock lock(wake_mutex_);
    return woken_.wait_for(lock, std::chrono::seconds(20), [this] { return running_ == 0; });
  }

  std::vector<engine::EngineRequest> requests;  // read when nothing is being submitted

 private:
  void speak(engine::TokenStream& stream, const engine::EngineRequest& request) {
    const std::size_t count = request.tokens_max == 0 ? 100'000'000 : request.tokens_max;
    engine::TokenEvent event;
    for (std::size_t index = 0; index < count && !stream.is_cancelled(); ++index) {
      {
        std::unique_lock lock(wake_mutex_);
        woken_.wait(lock, [&] { return stream.is_cancelled() || stream.has_room(); });
      }
      event.token = static_cast<engine::TokenId>('a' + index % 26);
      event.text = static_cast<char>(event.token);
      if (index + 1 < count) stream.push(event);
    }
    event.finish = stream.is_cancelled() ? engine::FinishReason::kCancelled : engine::FinishReason::kLength;
    engine::RequestUsage usage;
    usage.prompt_tokens = request.prompt.size();
    usage.generated_tokens = count;
    stream.push_last(event, usage);
    const std::lock_guard lock(wake_mutex_);
    --running_;
    woken_.notify_all();
  }

  const ByteTokenizer tokenizer_;
  model::ModelDescription description_;
  engine::EngineOptions options_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<engine::TokenStream>> streams_;  // guarded by mutex_
  std::vector<std::thread> threads_;                           // guarded by mutex_
  std::mutex wake_mutex_;
  std::condition_variable woken_;
  std::atomic<std::uint64_t> running_{0};
};

}  // namespace sixfold::service
