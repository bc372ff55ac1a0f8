// Server-sent events: the bytes of one event.  Source: WHATWG HTML, section 9.2.
#pragma once
#include <string>
#include <string_view>

namespace sixfold::net {

// "data: ...\n\n", a data line per line of `data`; with `event` an "event: ..." line before it.
std::string sse_event(std::string_view data, std::string_view event = {});

// ": text\n\n", ignored by clients; keeps proxies from closing an idle stream.
std::string sse_comment(std::string_view text);

}  // namespace sixfold::net
