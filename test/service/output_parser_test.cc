// What models write becomes the right pieces, wherever the text is cut.
#include "service/chat/output_parser.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sixfold::service {
namespace {

struct OutputCase {
  std::string name;
  std::string format;     // of calls; empty: none can come
  std::string reasoning;  // its format; empty: none
  bool is_open = false;   // the prompt opened the reasoning
  std::string text;
  std::string content, thought;
  std::vector<OutputCall> calls = {};
};

std::vector<OutputCase> output_cases() {
  const OutputCall f = {"0", "f", R"({"a": 1})"};
  const OutputCall g = {"1", "g", R"({"b": "x}\"]"})"};
  return {
      {"plain_text_is_kept_to_the_last_space", "", "", false, " a \n b\n", " a \n b\n", ""},
      {"plain_text_where_calls_may_come", "hermes", "", false, " a <tool b\n", " a <tool b\n", ""},
      {"reasoning_is_split_off", "", "think", false, "<think>\nhm\n\nyes\n</think>\n\nHello ", "Hello ", "hm\n\nyes"},
      {"reasoning_opened_by_the_prompt", "", "think", true, "hm</think>Hello", "Hello", "hm"},
      {"reasoning_that_never_ends", "hermes", "think", true, "hm <tool", "", "hm <tool"},
      {"reasoning_opens_only_at_the_start", "", "think", false, "a <think>b</think>", "a <think>b</think>", ""},
      {"half_an_opening_marker", "", "think", false, " <thi", " <thi", ""},
      {"an_empty_reasoning", "", "think", false, "<think>\n\n</think>\n\nHi", "Hi", ""},
      {"a_call_ends_reasoning_that_was_not_closed",
       "hermes",
       "think",
       true,
       "hm\n<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1}}</tool_call>",
       "",
       "hm",
       {f}},
      {"magistral", "mistral", "magistral", false, "[THINK]hm[/THINK]ok", "ok", "hm"},

      {"hermes",
       "hermes",
       "",
       false,
       "Let me see.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>",
       "Let me see.",
       "",
       {f}},
      {"hermes_twice",
       "hermes",
       "",
       false,
       "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call>\n<tool_call>\n"
       "{\"arguments\": {\"b\": \"x}\\\"]\"}, \"name\": \"g\"}\n</tool_call>\n",
       "",
       "",
       {f, g}},
      {"hermes_without_its_end",
       "hermes",
       "",
       false,
       "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1}}",
       "",
       "",
       {f}},
      {"hermes_cut_in_the_arguments",
       "hermes",
       "",
       false,
       "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1",
       "",
       "",
       {{"0", "f", "{\"a\": 1"}}},
      {"hermes_cut_before_it_is_a_call", "hermes", "", false, "<tool_call>\n{\"name\": \"f\", \"arg",
       "<tool_call>\n{\"name\": \"f\", \"arg", ""},
      {"hermes_without_json", "hermes", "", false, "<tool_call> no </tool_call> more",
       "<tool_call> no </tool_call> more", ""},
      {"hermes_of_an_unknown_function", "hermes", "", false, "<tool_call>{\"name\": \"h\", \"arguments\": {}}",
       "<tool_call>{\"name\": \"h\", \"arguments\": {}}", ""},
      {"hermes_marker_twice",
       "hermes",
       "",
       false,
       "<tool_call> <tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1}}</tool_call>",
       "<tool_call>",
       "",
       {f}},
      {"hermes_arguments_in_a_string",
       "hermes",
       "",
       false,
       "<tool_call>{\"name\": \"f\", \"arguments\": \"{\\\"a\\\": 1}\"}</tool_call>",
       "",
       "",
       {f}},
      {"hermes_without_arguments",
       "hermes",
       "",
       false,
       "<tool_call>{\"name\": \"f\"}</tool_call>",
       "",
       "",
       {{"0", "f", "{}"}}},
      {"hermes_null_arguments",
       "hermes",
       "",
       false,
       "<tool_call>{\"name\": \"f\", \"arguments\": null}</tool_call>",
       "",
       "",
       {{"0", "f", "{}"}}},
      {"hermes_text_after_a_call",
       "hermes",
       "",
       false,
       "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1}}</tool_call>\nDone.",
       "Done.",
       "",
       {f}},
      {"hermes_brackets_that_do_not_match",
       "hermes",
       "",
       false,
       "<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1]}",
       "]}",
       "",
       {{"0", "f", "{\"a\": 1"}}},
      {"hermes_characters_of_many_bytes",
       "hermes",
       "",
       false,
       "h\xC3\xA9<tool_call>{\"name\": \"f\", \"arguments\": {\"a\": \"\xF0\x9F\xA6\x99\"}}</tool_call>",
       "h\xC3\xA9",
       "",
       {{"0", "f", "{\"a\": \"\xF0\x9F\xA6\x99\"}"}}},

      {"llama3", "llama3", "", false, "{\"name\": \"f\", \"parameters\": {\"a\": 1}}", "", "", {f}},
      {"llama3_with_its_marker",
       "llama3",
       "",
       false,
       "<|python_tag|>{\"type\": \"function\", \"name\": \"f\", \"parameters\": {\"a\": 1}}",
       "",
       "",
       {f}},
      {"llama3_twice",
       "llama3",
       "",
       false,
       "{\"name\": \"f\", \"parameters\": {\"a\": 1}}; {\"name\": \"g\", \"parameters\": {\"b\": \"x}\\\"]\"}}",
       "",
       "",
       {f, g}},
      {"llama3_marker_before_code", "llama3", "", false, "<|python_tag|>print(1)", "<|python_tag|>print(1)", ""},
      {"llama3_other_json", "llama3", "", false, "{\"answer\": 42}", "{\"answer\": 42}", ""},
      {"llama3_json_with_a_name", "llama3", "", false, "{\"name\": \"Bob\", \"age\": 42}",
       "{\"name\": \"Bob\", \"age\": 42}", ""},
      {"llama3_after_text",
       "llama3",
       "",
       false,
       "Sure: {\"name\": \"f\", \"parameters\": {\"a\": 1}}",
       "Sure:",
       "",
       {f}},

      {"mistral",
       "mistral",
       "",
       false,
       "[TOOL_CALLS] [{\"name\": \"f\", \"arguments\": {\"a\": 1}, \"id\": \"abc\"}]",
       "",
       "",
       {f}},
      {"mistral_twice",
       "mistral",
       "",
       false,
       "ok[TOOL_CALLS][{\"name\": \"f\", \"arguments\": {\"a\": 1}}, "
       "{\"name\": \"g\", \"arguments\": {\"b\": \"x}\\\"]\"}}]",
       "ok",
       "",
       {f, g}},
      {"mistral_newer",
       "mistral",
       "",
       false,
       "[TOOL_CALLS]f[ARGS]{\"a\": 1}[TOOL_CALLS]g[ARGS]{\"b\": \"x}\\\"]\"}",
       "",
       "",
       {f, g}},
      {"mistral_marker_before_text", "mistral", "", false, "[TOOL_CALLS] nothing", "[TOOL_CALLS] nothing", ""},
      {"mistral_cut_in_the_name", "mistral", "", false, "[TOOL_CALLS]f[AR", "[TOOL_CALLS]f[AR", ""},
      {"mistral_cut_after_the_name", "mistral", "", false, "[TOOL_CALLS]f[ARGS]", "[TOOL_CALLS]f[ARGS]", ""},
      {"mistral_no_object", "mistral", "", false, "[TOOL_CALLS]f[ARGS]1", "[TOOL_CALLS]f[ARGS]1", ""},

      {"deepseek",
       "deepseek",
       "think",
       true,
       "hm</think>\n<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n```json\n{\"a\": 1}\n```"
       "<｜tool▁call▁end｜>\n<｜tool▁call▁begin｜>function<｜tool▁sep｜>g\n```json\n{\"b\": \"x}\\\"]\"}\n```"
       "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
       "",
       "hm",
       {f, g}},
      {"deepseek_newer",
       "deepseek",
       "",
       false,
       "ok<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{\"a\": 1}<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
       "ok",
       "",
       {f}},
      {"deepseek_of_an_unknown_function", "deepseek", "", false, "<｜tool▁call▁begin｜>h<｜tool▁sep｜>{}",
       "<｜tool▁call▁begin｜>h<｜tool▁sep｜>{}", ""},
      {"deepseek_cut_in_a_marker", "deepseek", "", false, "a <｜tool▁ca", "a <｜tool▁ca", ""},

      {"json", "json", "", false, "{\"name\": \"f\", \"arguments\": {\"a\": 1}}", "", "", {f}},
      {"json_in_a_fence", "json", "", false, "```json\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n```", "", "", {f}},
      {"json_list",
       "json",
       "",
       false,
       "[{\"name\": \"f\", \"arguments\": {\"a\": 1}}, {\"name\": \"g\", \"arguments\": {\"b\": \"x}\\\"]\"}}]",
       "",
       "",
       {f, g}},
      {"json_list_of_numbers", "json", "", false, "[1, 2]", "[1, 2]", ""},
  };
}

OutputParserOptions options_of(const OutputCase& given) {
  OutputParserOptions options;
  options.reasoning = find_reasoning_format(given.reasoning);
  options.is_reasoning_open = given.is_open;
  options.calls = find_tool_format(given.format);
  options.tools = {"f", "g"};
  options.make_id = [next = 0]() mutable { return std::to_string(next++); };
  return options;
}

// The rules of a stream of pieces, checked on the way.
ParsedOutput parse(const OutputCase& given, const std::vector<std::string_view>& parts) {
  ChatOutputParser parser(options_of(given));
  ParsedOutput parsed;
  bool is_in_call = false;
  const auto take = [&](const std::vector<OutputPiece>& pieces) {
    for (const OutputPiece& piece : pieces) {
      const bool is_call_part =
          piece.kind == OutputPiece::Kind::kCallArguments || piece.kind == OutputPiece::Kind::kCallEnd;
      EXPECT_EQ(is_call_part, is_in_call);
      if (piece.kind == OutputPiece::Kind::kCallBegin) is_in_call = true;
      if (piece.kind == OutputPiece::Kind::kCallEnd) is_in_call = false;
      const bool has_text = piece.kind != OutputPiece::Kind::kCallBegin && piece.kind != OutputPiece::Kind::kCallEnd;
      EXPECT_NE(piece.text.empty(), has_text);
      parsed.add(piece);
      if (is_in_call) {
        EXPECT_EQ(piece.call + 1, parsed.calls.size());
      }
    }
  };
  for (const std::string_view part : parts) take(parser.write(part));
  take(parser.finish());
  EXPECT_FALSE(is_in_call);
  return parsed;
}

void expect_output(const OutputCase& expected, const ParsedOutput& parsed, const std::string& how) {
  EXPECT_EQ(parsed.content, expected.content) << how;
  EXPECT_EQ(parsed.reasoning, expected.thought) << how;
  ASSERT_EQ(parsed.calls.size(), expected.calls.size()) << how;
  for (std::size_t index = 0; index < parsed.calls.size(); ++index) {
    EXPECT_EQ(parsed.calls[index].id, expected.calls[index].id) << how;
    EXPECT_EQ(parsed.calls[index].name, expected.calls[index].name) << how;
    EXPECT_EQ(parsed.calls[index].arguments, expected.calls[index].arguments) << how;
  }
}

TEST(ChatOutputParser, finds_reasoning_content_and_calls_wherever_the_text_is_cut) {
  for (const OutputCase& given : output_cases()) {
    SCOPED_TRACE(given.name);
    const std::string_view text = given.text;
    expect_output(given, parse(given, {text}), "whole");
    for (std::size_t cut = 1; cut < text.size(); ++cut) {
      expect_output(given, parse(given, {text.substr(0, cut), text.substr(cut)}), "cut at " + std::to_string(cut));
    }
    std::vector<std::string_view> bytes;
    for (std::size_t at = 0; at < text.size(); ++at) bytes.push_back(text.substr(at, 1));
    expect_output(given, parse(given, bytes), "byte by byte");
  }
}

TEST(ChatOutputParser, every_beginning_of_a_text_parses_the_same_whole_and_byte_by_byte) {
  for (const OutputCase& given : output_cases()) {
    for (std::size_t size = 0; size < given.text.size(); ++size) {
      SCOPED_TRACE(given.name + " up to " + std::to_string(size));
      const std::string_view text = std::string_view(given.text).substr(0, size);
      std::vector<std::string_view> bytes;
      for (std::size_t at = 0; at < size; ++at) bytes.push_back(text.substr(at, 1));
      const ParsedOutput whole = parse(given, {text});
      OutputCase expected = given;
      expected.content = whole.content;
      expected.thought = whole.reasoning;
      expected.calls = whole.calls;
      expect_output(expected, parse(given, bytes), "byte by byte");
    }
  }
}

// What the client has seen is never more than the text can still become.
TEST(ChatOutputParser, shows_no_half_of_a_marker) {
  for (const OutputCase& given : output_cases()) {
    if (given.calls.empty()) continue;
    SCOPED_TRACE(given.name);
    ChatOutputParser parser(options_of(given));
    ParsedOutput parsed;
    for (std::size_t at = 0; at < given.text.size(); ++at) {
      for (const OutputPiece& piece : parser.write(std::string_view(given.text).substr(at, 1))) parsed.add(piece);
      EXPECT_TRUE(given.content.starts_with(parsed.content)) << parsed.content;
      EXPECT_TRUE(given.thought.starts_with(parsed.reasoning)) << parsed.reasoning;
    }
  }
}

TEST(ChatOutputParser, arguments_come_as_they_are_written) {
  OutputCase given;
  given.format = "hermes";
  ChatOutputParser parser(options_of(given));
  EXPECT_TRUE(parser.write("<tool_call>{\"name\": \"f\", ").empty());
  std::vector<OutputPiece> pieces = parser.write("\"arguments\": {\"a");
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].kind, OutputPiece::Kind::kCallBegin);
  EXPECT_EQ(pieces[0].name, "f");
  EXPECT_EQ(pieces[1].text, "{\"a");
  pieces = parser.write("\": 1}}");
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].text, "\": 1}");
  EXPECT_EQ(pieces[1].kind, OutputPiece::Kind::kCallEnd);
}

TEST(ToolFormats, are_chosen_by_what_only_their_templates_say) {
  EXPECT_EQ(choose_tool_format("... <tool_call> ...").name, "hermes");
  EXPECT_EQ(choose_tool_format("... [TOOL_CALLS] ...").name, "mistral");
  EXPECT_EQ(choose_tool_format("... [TOOL_CALLS] ... [ARGS]").name, "mistral_args");
  EXPECT_EQ(choose_tool_format("... <|start_header_id|> ...").name, "llama3");
  EXPECT_EQ(choose_tool_format("... <｜tool▁call▁begin｜> ...").name, "deepseek");
  EXPECT_EQ(choose_tool_format("... <|end|> ...").name, "json");
  EXPECT_EQ(choose_tool_format("").name, "json");
  EXPECT_EQ(make_call_id(*find_tool_format("mistral")).size(), 9u);
  EXPECT_TRUE(make_call_id(*find_tool_format("json")).starts_with("call_"));
  EXPECT_EQ(choose_reasoning_format("no thoughts"), nullptr);
  EXPECT_EQ(choose_reasoning_format("</think>")->name, "think");
}

}  // namespace
}  // namespace sixfold::service
