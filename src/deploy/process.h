// Runs another program, such as kubectl, and takes what it prints.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "core/result.h"

namespace sixfold::deploy {

struct ProcessOutput {
  int exit_code = 0;  // 128 + the signal that ended it
  std::string out;    // both streams in one, at most limits' worth; the end of it when there was more
};

// argv: the program, found on PATH, and its arguments; no shell.  say: gets each line while it runs.  is_cancelled:
// when it says so, the program is asked to end (SIGTERM) and waited for. Errors: not_found when there is no such
// program, unavailable when it was cancelled, internal.
Result<ProcessOutput> run_process(const std::vector<std::string>& argv,
                                  const std::function<void(std::string_view)>& say = {},
                                  const std::function<bool()>& is_cancelled = {});

// The same where only success will do.  Errors: also unavailable with the last lines, which say why.
Result<std::string> run_tool(const std::vector<std::string>& argv,
                             const std::function<void(std::string_view)>& say = {},
                             const std::function<bool()>& is_cancelled = {});

}  // namespace sixfold::deploy
