// Waits for what a backend reads, and collects the texts it is to read.
#pragma once
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "service/backend.h"

namespace sixfold::cli {

// start(done): as Backend::embed or score.
template <class T, class Start>
Result<T> wait_for(const Start& start) {
  std::promise<Result<T>> promise;
  std::future<Result<T>> answer = promise.get_future();
  SIXFOLD_TRY_STATUS(start(service::Done<T>([&](Result<T> result) { promise.set_value(std::move(result)); })));
  return answer.get();
}

// The given texts, then the lines of the file ("-" = standard input; "" = none) that are not empty.
// Errors: as read_file_or_stdin; invalid_argument when there is no text.
Result<std::vector<std::string>> collect_texts(const std::vector<std::string>& given, const std::string& file);

}  // namespace sixfold::cli
