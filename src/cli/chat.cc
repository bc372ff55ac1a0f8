// The chat loop, on libedit.
#include "cli/chat.h"

#include <editline/readline.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>
#include <optional>

#include "cli/interrupt.h"
#include "cli/terminal.h"
#include "cli/write_answer.h"

namespace sixfold::cli {
namespace {

constexpr std::string_view kHelp =
    "  /new    forget the conversation\n"
    "  /help   this list\n"
    "  /bye    leave (as Ctrl-D does)\n"
    "  Ctrl-C stops an answer; end a line with \\ to go on in the next one\n";

// Nothing at the end of input.
std::optional<std::string> read_line(const char* prompt) {
  const std::unique_ptr<char, void (*)(void*)> line(readline(prompt), std::free);
  if (line == nullptr) return std::nullopt;
  return std::string(line.get());
}

// Lines that end in a backslash belong together.
std::optional<std::string> read_message() {
  std::string message;
  const char* prompt = ">>> ";
  while (true) {
    auto line = read_line(prompt);
    if (!line) return std::nullopt;
    if (!line->ends_with('\\')) {
      message += *line;
      if (!message.empty()) add_history(message.c_str());
      return message;
    }
    line->pop_back();
    message += *line + "\n";
    prompt = "... ";
  }
}

class Conversation {
 public:
  explicit Conversation(const ChatOptions& options) : options_(options) { reset(); }

  void reset() {
    messages_.clear();
    text_.clear();
    if (!options_.system.empty()) messages_.push_back({"system", options_.system});
  }

  service::GenerateRequest next_request(const std::string& message) {
    service::GenerateRequest request = options_.request;
    if (options_.is_chat_model) {
      messages_.push_back({"user", message});
      request.input = messages_;
    } else {
      if (!text_.empty()) text_ += "\n";
      text_ += message;
      request.input = text_;
    }
    return request;
  }

  void add_answer(const std::string& answer) {
    messages_.push_back({"assistant", answer});
    text_ += answer;
  }

 private:
  const ChatOptions& options_;
  std::vector<tokenizer::ChatMessage> messages_;
  std::string text_;  // of a model without chat template
};

}  // namespace

Status chat(service::Backend& backend, const ChatOptions& options) {
  const service::BackendDescription model = backend.describe();
  const Style style = stderr_style();
  fmt::print(stderr, "{}{}{} ({} parameters, {}, context {} tokens). /help lists commands, Ctrl-D leaves.\n",
             style.bold, model.model, style.reset, human_count(model.parameters), model.weights, model.context);
  if (!options.is_chat_model) {
    fmt::print(stderr, "{}This model has no chat template: it continues the text you type.{}\n", style.dim,
               style.reset);
  }
  Conversation conversation(options);
  const InterruptFlag interrupt;
  while (true) {
    InterruptFlag::clear();
    const auto message = read_message();
    if (InterruptFlag::is_set()) {
      fmt::print(stderr, "\n");
      if (!message || message->empty()) continue;
    }
    if (!message || *message == "/bye") break;
    if (*message == "/help") {
      fmt::print(stderr, "{}", kHelp);
      continue;
    }
    if (*message == "/new") {
      conversation.reset();
      continue;
    }
    if (message->empty()) continue;
    InterruptFlag::clear();
    const auto generation = backend.generate(conversation.next_request(*message));
    if (!generation.is_ok()) {
      fmt::print(stderr, "{}\nThe conversation starts anew.\n", generation.error().message);
      conversation.reset();
      continue;
    }
    SIXFOLD_TRY(const Answer answer, write_answer(**generation));
    fmt::print("\n");
    conversation.add_answer(answer.text);
    if (!options.hides_stats) print_usage(answer);
  }
  fmt::print(stderr, "\n");
  return ok();
}

}  // namespace sixfold::cli
