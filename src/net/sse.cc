// Formats server-sent events.
#include "net/sse.h"

namespace sixfold::net {
namespace {

// Calls `line` for each line of `text`.  CR, LF and CRLF all end a line for an event-stream parser, so none of them may
// reach the wire inside a field.
template <class Line>
void for_each_line(std::string_view text, Line line) {
  for (;;) {
    const std::size_t end = text.find_first_of("\r\n");
    line(text.substr(0, end));
    if (end == std::string_view::npos) return;
    const bool is_crlf = text[end] == '\r' && end + 1 < text.size() && text[end + 1] == '\n';
    text.remove_prefix(end + (is_crlf ? 2 : 1));
  }
}

}  // namespace

std::string sse_event(std::string_view data, std::string_view event) {
  std::string out;
  out.reserve(data.size() + event.size() + 24);
  if (!event.empty()) {
    out += "event: ";
    out += event.substr(0, event.find_first_of("\r\n"));
    out += '\n';
  }
  for_each_line(data, [&](std::string_view line) {
    out += "data: ";
    out += line;
    out += '\n';
  });
  out += '\n';
  return out;
}

std::string sse_comment(std::string_view text) {
  std::string out;
  for_each_line(text, [&](std::string_view line) {
    out += ": ";
    out += line;
    out += '\n';
  });
  out += '\n';
  return out;
}

}  // namespace sixfold::net
