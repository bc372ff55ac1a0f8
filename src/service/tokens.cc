// POST /tokenize and /detokenize.  Field names as in llama.cpp's server, with vLLM's "prompt" and "text" as synonyms.
#include <fmt/format.h>

#include <array>
#include <utility>

#include "core/error.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "service/endpoints.h"
#include "service/json.h"
#include "service/openai_fields.h"

namespace sixfold::service {
namespace {

struct TokenizeCall {
  std::string text;
  bool adds_special = false;
  bool parses_special = true;
  bool with_pieces = false;
};

Parsed<TokenizeCall> parse_tokenize(std::string_view body) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"content", "text", "prompt", "add_special", "parse_special", "with_pieces"},
               {{"model", "", {}}});
  TokenizeCall call;
  std::size_t texts = 0;
  for (const std::string_view name : {"content", "text", "prompt"}) {
    if (const auto text = reader.text(name)) {
      call.text = *text;
      ++texts;
    }
  }
  if (texts != 1) reader.refuse("content", "want exactly one of \"content\", \"text\" and \"prompt\"");
  call.adds_special = reader.boolean("add_special").value_or(call.adds_special);
  call.parses_special = reader.boolean("parse_special").value_or(call.parses_special);
  call.with_pieces = reader.boolean("with_pieces").value_or(call.with_pieces);
  if (!reader.is_ok()) return *reader.refusal();
  return call;
}

Parsed<std::vector<TokenId>> parse_detokenize(std::string_view body) {
  auto document = parse_object(body);
  if (auto* refusal = std::get_if<Refusal>(&document)) return std::move(*refusal);
  FieldReader reader(std::get<json::value>(document).get_object());
  check_fields(reader, {"tokens"}, {{"model", "", {}}});
  const json::array* array = reader.array("tokens");
  if (array == nullptr && reader.is_ok()) reader.refuse("tokens", "want an array of token ids, got none");
  std::vector<TokenId> tokens;
  if (array != nullptr) {
    for (const json::value& item : *array) {
      const auto token = as_integer(item);
      if (!token || *token < 0 || *token >= static_cast<std::int64_t>(limits::kVocabularyMax)) {
        reader.refuse("tokens", "token ids", item);
        break;
      }
      tokens.push_back(static_cast<TokenId>(*token));
    }
  }
  if (!reader.is_ok()) return *reader.refusal();
  return tokens;
}

// A piece as text, or as its bytes when it is only a part of a character.
void append_piece(std::string& out, std::string_view piece) {
  if (is_valid_utf8(piece)) {
    append_json_string(out, piece);
    return;
  }
  out += '[';
  for (std::size_t index = 0; index < piece.size(); ++index) {
    if (index > 0) out += ',';
    append_json_integer(out, static_cast<unsigned char>(piece[index]));
  }
  out += ']';
}

}  // namespace

void tokenize(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  auto parsed = parse_tokenize(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  const TokenizeCall& call = std::get<TokenizeCall>(parsed);
  const auto tokens = state.backend.tokenize(call.text, call.adds_special, call.parses_special);
  if (!tokens) {
    writer->send(error_response(Dialect::kOpenAi, Refusal{tokens.error(), "content", {}}));
    return;
  }
  net::HttpResponse response;
  response.body = R"({"tokens":[)";
  for (std::size_t index = 0; index < tokens->size(); ++index) {
    if (index > 0) response.body += ',';
    const TokenId token = (*tokens)[index];
    if (!call.with_pieces) {
      append_json_integer(response.body, static_cast<std::uint64_t>(token));
      continue;
    }
    response.body += fmt::format(R"({{"id":{},"piece":)", token);
    append_piece(response.body, state.backend.token_text(token));
    response.body += '}';
  }
  response.body += fmt::format(R"(],"count":{}}})", tokens->size());
  writer->send(std::move(response));
}

void detokenize(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  auto parsed = parse_detokenize(request.body);
  if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
    writer->send(error_response(Dialect::kOpenAi, *refusal));
    return;
  }
  const auto text = state.backend.detokenize(std::get<std::vector<TokenId>>(parsed));
  if (!text) {
    writer->send(error_response(Dialect::kOpenAi, Refusal{text.error(), "tokens", {}}));
    return;
  }
  net::HttpResponse response;
  response.body = R"({"content":)";
  append_json_string(response.body, *text);
  response.body += '}';
  writer->send(std::move(response));
}

}  // namespace sixfold::service
