// White space is held back until what follows decides; only ASCII's counts, so characters are never cut.
#include "service/chat/piece_writer.h"

namespace sixfold::service {

bool is_output_space(char byte) {
  return byte == ' ' || (byte >= '\t' && byte <= '\r');
}

void ParsedOutput::add(const OutputPiece& piece) {
  switch (piece.kind) {
    case OutputPiece::Kind::kContent:
      content += piece.text;
      break;
    case OutputPiece::Kind::kReasoning:
      reasoning += piece.text;
      break;
    case OutputPiece::Kind::kCallBegin:
      calls.push_back({piece.id, piece.name, {}});
      break;
    case OutputPiece::Kind::kCallArguments:
      calls.back().arguments += piece.text;
      break;
    case OutputPiece::Kind::kCallEnd:
      break;
  }
}

// Neighbours of one kind become one piece.
void PieceWriter::add(OutputPiece::Kind kind, std::string_view text) {
  if (text.empty()) return;
  if (pieces_.empty() || pieces_.back().kind != kind) {
    pieces_.emplace_back();
    pieces_.back().kind = kind;
    pieces_.back().call = calls_ == 0 ? 0 : calls_ - 1;
  }
  pieces_.back().text += text;
}

void PieceWriter::content(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if (!has_calls_ && !skips_space_) return add(OutputPiece::Kind::kContent, text.substr(at));
    if (is_output_space(text[at])) {
      if (!skips_space_) held_ += text[at];
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && !is_output_space(text[end])) ++end;
    skips_space_ = false;
    add(OutputPiece::Kind::kContent, std::exchange(held_, {}));
    add(OutputPiece::Kind::kContent, text.substr(at, end - at));
    at = end;
  }
}

void PieceWriter::reasoning(std::string_view text) {
  for (const char byte : text) {
    if (is_output_space(byte)) {
      if (has_reasoning_) held_ += byte;
      continue;
    }
    has_reasoning_ = true;
    add(OutputPiece::Kind::kReasoning, std::exchange(held_, {}));
    add(OutputPiece::Kind::kReasoning, {&byte, 1});
  }
}

void PieceWriter::end_reasoning() {
  held_.clear();
  skips_space_ = true;
}

void PieceWriter::begin_call(std::string_view name) {
  held_.clear();
  OutputPiece& piece = pieces_.emplace_back();
  piece.kind = OutputPiece::Kind::kCallBegin;
  piece.call = calls_++;
  piece.id = make_id_();
  piece.name = name;
}

void PieceWriter::arguments(std::string_view text) {
  add(OutputPiece::Kind::kCallArguments, text);
}

void PieceWriter::end_call() {
  OutputPiece& piece = pieces_.emplace_back();
  piece.kind = OutputPiece::Kind::kCallEnd;
  piece.call = calls_ - 1;
  skips_space_ = true;
}

void PieceWriter::finish() {
  if (calls_ == 0 && !skips_space_) add(OutputPiece::Kind::kContent, held_);
  held_.clear();
}

}  // namespace sixfold::service
