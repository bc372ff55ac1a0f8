// Two stages: the reasoning first, what is left goes on to the calls.
#include "service/chat/output_parser.h"

#include <utility>

namespace sixfold::service {

ChatOutputParser::ChatOutputParser(OutputParserOptions options)
    : options_(std::move(options)), out_(options_.make_id, options_.calls != nullptr) {
  if (options_.reasoning != nullptr) {
    reasoning_.emplace(*options_.reasoning, out_, options_.is_reasoning_open,
                       options_.calls != nullptr ? options_.calls->triggers : std::vector<std::string_view>());
  }
  if (options_.calls != nullptr) calls_ = options_.calls->make_parser({out_, options_.tools});
}

void ChatOutputParser::take_answer(std::string_view text) {
  if (calls_ == nullptr) return out_.content(text);
  for (const char byte : text) calls_->take(byte);
}

std::vector<OutputPiece> ChatOutputParser::write(std::string_view text) {
  if (!reasoning_) {
    take_answer(text);
    return out_.take();
  }
  std::string answer;
  for (const char byte : text) reasoning_->take(byte, answer);
  take_answer(answer);
  return out_.take();
}

std::vector<OutputPiece> ChatOutputParser::finish() {
  if (reasoning_) {
    std::string answer;
    reasoning_->finish(answer);
    take_answer(answer);
  }
  if (calls_ != nullptr) calls_->finish();
  out_.finish();
  return out_.take();
}

}  // namespace sixfold::service
