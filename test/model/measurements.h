// What the golden tests measured, for docs/models.md: a line of JSON for each, in the file that SIXFOLD_MEASUREMENTS
// names.  tools/models_table makes the page from them.
#pragma once
#include <boost/json.hpp>
#include <cstdlib>
#include <fstream>

#include "golden_files.h"
#include "model/model.h"

namespace sixfold::test {

// The worst of several prompts, and how far the greedy texts agree with the reference's.
struct Agreement {
  Difference worst;
  std::size_t greedy_equal = 0;  // tokens before the first that differs
  std::size_t greedy = 0;        // tokens compared

  void add(const Difference& difference) {
    worst.max_abs = std::max(worst.max_abs, difference.max_abs);
    worst.nmse = std::max(worst.nmse, difference.nmse);
    worst.kl = std::max(worst.kl, difference.kl);
  }
  void add(std::span<const TokenId> want, std::span<const TokenId> got) {
    greedy += want.size();
    greedy_equal += static_cast<std::size_t>(std::mismatch(want.begin(), want.end(), got.begin()).first - want.begin());
  }
};

inline void record(const boost::json::object& line) {
  const char* path = std::getenv("SIXFOLD_MEASUREMENTS");
  if (path == nullptr) return;
  std::ofstream(path, std::ios::app) << boost::json::serialize(line) << "\n";
}

// table: which part of the page.
inline void record(const char* table, const std::string& model, const model::ModelDescription& description,
                   const std::string& format, const Agreement& agreement) {
  record({{"table", table},
          {"model", model},
          {"architecture", description.architecture},
          {"format", format},
          {"max_abs", agreement.worst.max_abs},
          {"nmse", agreement.worst.nmse},
          {"greedy_equal", agreement.greedy_equal},
          {"greedy", agreement.greedy}});
}

}  // namespace sixfold::test
