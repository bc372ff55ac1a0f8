// What a model writes: the pieces do not depend on where the text is cut, calls are well formed, and nothing that was
// written is lost where no call can come.  The first bytes choose the format and the cuts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "service/chat/output_parser.h"

namespace {

using namespace sixfold::service;  // NOLINT(google-build-using-namespace)

void require(bool holds) {
  if (!holds) std::abort();
}

OutputParserOptions options_of(std::uint8_t choice) {
  const std::span<const ToolFormat> formats = tool_formats();
  OutputParserOptions options;
  const std::size_t row = choice % (formats.size() + 1);
  if (row < formats.size()) options.calls = &formats[row];
  options.reasoning = (choice & 0x40) != 0 ? find_reasoning_format("think") : nullptr;
  options.is_reasoning_open = (choice & 0x80) != 0;
  options.tools = {"f", "get_weather"};
  options.make_id = [next = 0]() mutable { return std::to_string(next++); };
  return options;
}

ParsedOutput parse(std::uint8_t choice, std::string_view text, std::size_t step) {
  ChatOutputParser parser(options_of(choice));
  ParsedOutput parsed;
  bool is_in_call = false;
  const auto take = [&](const std::vector<OutputPiece>& pieces) {
    for (const OutputPiece& piece : pieces) {
      const bool goes_on = piece.kind == OutputPiece::Kind::kCallArguments || piece.kind == OutputPiece::Kind::kCallEnd;
      require(goes_on == is_in_call);
      is_in_call = piece.kind == OutputPiece::Kind::kCallBegin || piece.kind == OutputPiece::Kind::kCallArguments;
      parsed.add(piece);
    }
  };
  for (std::size_t at = 0; at < text.size(); at += step) take(parser.write(text.substr(at, step)));
  take(parser.finish());
  require(!is_in_call);
  return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 2, size - 2);
  const ParsedOutput whole = parse(data[0], text, text.size() + 1);
  for (const std::size_t step : {std::size_t{1}, std::size_t{2} + data[1] % 30}) {
    const ParsedOutput cut = parse(data[0], text, step);
    require(cut.content == whole.content && cut.reasoning == whole.reasoning);
    require(cut.calls.size() == whole.calls.size());
    for (std::size_t index = 0; index < cut.calls.size(); ++index) {
      require(cut.calls[index].name == whole.calls[index].name);
      require(cut.calls[index].arguments == whole.calls[index].arguments);
    }
  }
  for (const OutputCall& call : whole.calls) require(call.name == "f" || call.name == "get_weather");
  const OutputParserOptions options = options_of(data[0]);
  if (options.calls == nullptr && options.reasoning == nullptr) require(whole.content == text);
  return 0;
}
