// Source: ollama's API reference (docs/api.md), "Generate a chat completion", and api/types.go.
#include "service/ollama/messages.h"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "service/openai_fields.h"
#include "service/tools.h"

namespace sixfold::service {
namespace {

class ConversationReader {
 public:
  void read(FieldReader& message) {
    static const std::vector<FieldRule> kRules = {{"images", "images are not supported", {}}};
    check_fields(message, {"role", "content", "thinking", "tool_calls", "tool_name", "tool_call_id"}, kRules);
    tokenizer::ChatMessage read;
    read.role = message.text("role").value_or("");
    const bool is_assistant = read.role == "assistant", is_tool = read.role == "tool";
    if (read.role != "system" && read.role != "user" && !is_assistant && !is_tool) {
      const json::value* got = message.find("role");
      message.refuse("role", R"("system", "user", "assistant" or "tool")",
                     got == nullptr ? json::value(nullptr) : *got);
    }
    read.content = message.text("content").value_or("");
    read.reasoning_content = message.text("thinking").value_or("");
    read.tool_calls = read_tool_calls(message);
    if (!is_assistant && !read.tool_calls.empty()) {
      message.refuse("tool_calls", "only allowed with the role \"assistant\"");
    }
    name_calls(read.tool_calls);
    read.name = message.text("tool_name").value_or("");
    read.tool_call_id = message.text("tool_call_id").value_or("");
    for (const std::string_view field : {"tool_name", "tool_call_id"}) {
      if (!is_tool && !message.text(field).value_or("").empty()) {
        message.refuse(field, "only allowed with the role \"tool\"");
      }
    }
    if (is_tool) answer_call(read);
    messages_.push_back(std::move(read));
  }

  std::vector<tokenizer::ChatMessage> take() { return std::move(messages_); }

 private:
  struct Call {
    std::string id;
    std::string name;
  };
  // A call by its id or by its function's name, and which of the message's calls it is: the first one comes first.
  using Places = std::set<std::pair<std::string, std::size_t>>;

  // Nine letters and digits are what every family's template accepts.
  void name_calls(std::vector<tokenizer::ChatToolCall>& calls) {
    if (calls.empty()) return;
    open_.clear();
    open_ids_.clear();
    open_names_.clear();
    for (std::size_t place = 0; place < calls.size(); ++place) {
      tokenizer::ChatToolCall& call = calls[place];
      if (call.id.empty()) call.id = fmt::format("call{:05}", calls_++ % 100'000);
      open_.emplace(place, Call{call.id, call.name});
      open_ids_.emplace(call.id, place);
      open_names_.emplace(call.name, place);
    }
  }

  // A client may send very many of both, so none is looked for one by one.
  void answer_call(tokenizer::ChatMessage& result) {
    auto call = open_.begin();
    if (!result.tool_call_id.empty()) {
      call = find_open(open_ids_, result.tool_call_id);
    } else if (!result.name.empty()) {
      call = find_open(open_names_, result.name);
    }
    if (call == open_.end()) return;
    const auto& [place, found] = *call;
    result.tool_call_id = found.id;
    result.name = found.name;
    open_ids_.erase({found.id, place});
    open_names_.erase({found.name, place});
    open_.erase(call);
  }

  std::map<std::size_t, Call>::iterator find_open(const Places& places, const std::string& wanted) {
    const auto found = places.lower_bound({wanted, 0});
    return found != places.end() && found->first == wanted ? open_.find(found->second) : open_.end();
  }

  std::vector<tokenizer::ChatMessage> messages_;
  std::map<std::size_t, Call> open_;  // of the newest message with calls: those without a result
  Places open_ids_;
  Places open_names_;
  std::size_t calls_ = 0;  // that were given an id
};

}  // namespace

std::vector<tokenizer::ChatMessage> read_ollama_messages(FieldReader& reader) {
  ConversationReader conversation;
  for_each_object(reader, "messages", [&](FieldReader& message) { conversation.read(message); });
  return conversation.take();
}

}  // namespace sixfold::service
