// The forms in which models write calls: one row each, with its parser and the frame of its grammar.
#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "service/chat/tool_call_parser.h"

namespace sixfold::service {

// The fixed text around calls, as the models were trained to write it.
struct CallFrame {
  std::string_view begin;        // before the first call
  std::string_view before_name;  // of each call
  std::string_view after_name;   // between name and arguments
  std::string_view after_arguments;
  std::string_view between;  // two calls
  std::string_view end;      // after the last call
};

struct ToolFormat {
  std::string_view name;
  // A text that only templates of this family contain; empty: the row for all others.
  std::string_view sign;
  std::unique_ptr<ToolCallParser> (*make_parser)(const ToolCallContext& context);
  CallFrame frame;
  // Texts with which calls begin: from there on, an answer that was free until then has to be a call.
  std::vector<std::string_view> triggers;
  // The markers are control tokens, whose text an answer does not show by itself.
  bool shows_special = false;
  // Length of the identifiers that the family's templates accept; 0: any.
  std::size_t id_length = 0;
};

std::span<const ToolFormat> tool_formats();

// By the text of the model's template; a fallback template counts as any other.  Never fails.
const ToolFormat& choose_tool_format(std::string_view template_source);

const ToolFormat* find_tool_format(std::string_view name);  // null when there is none of that name

// A name for a call, as the format wants it: "call_" and 24 digits, or letters and digits of the right number.
std::string make_call_id(const ToolFormat& format);

}  // namespace sixfold::service
