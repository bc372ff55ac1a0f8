// Tells what a model thinks from what it answers: <think> ... </think> and its relatives.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "service/chat/marker_scan.h"
#include "service/chat/piece_writer.h"

namespace sixfold::service {

// The markers of a family.
struct ReasoningFormat {
  std::string_view name;
  std::string_view begin;
  std::string_view end;
};

// Null when no template text of this kind is known to think.
const ReasoningFormat* choose_reasoning_format(std::string_view template_source);
const ReasoningFormat* find_reasoning_format(std::string_view name);  // null when there is none of that name

// One thread.
class ReasoningSplit {
 public:
  // is_open: the prompt already opened the reasoning.  calls: beginnings of calls, which end it as its own marker does:
  // models forget to close it.
  ReasoningSplit(const ReasoningFormat& format, PieceWriter& out, bool is_open,
                 const std::vector<std::string_view>& calls);

  // Takes a byte; appends to `answer` what belongs to the answer.
  void take(char byte, std::string& answer);
  void finish(std::string& answer);

  bool is_reasoning() const { return place_ == Place::kReasoning; }

 private:
  enum class Place { kStart, kReasoning, kAnswer };

  const ReasoningFormat& format_;
  PieceWriter& out_;
  Place place_;
  std::string start_;  // white space and part of the opening marker, nothing else has come
  MarkerScan end_;
};

}  // namespace sixfold::service
