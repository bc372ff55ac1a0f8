// One verb of the command line: `sixfold VERB`.  Adding one is a file and a row in program.cc.
#pragma once
#include <functional>

#include "core/result.h"

namespace CLI {
class App;
}

namespace sixfold::cli {

// Adds the verb's sub-command with flags and examples; returns what to do when it was chosen.
using VerbAction = std::function<Status()>;
using AddVerb = VerbAction (*)(CLI::App& program);

VerbAction add_run(CLI::App& program);
VerbAction add_serve(CLI::App& program);
VerbAction add_embed(CLI::App& program);
VerbAction add_rerank(CLI::App& program);
VerbAction add_bench(CLI::App& program);
VerbAction add_eval(CLI::App& program);
VerbAction add_tokenize(CLI::App& program);
VerbAction add_pull(CLI::App& program);
VerbAction add_push(CLI::App& program);
VerbAction add_list(CLI::App& program);
VerbAction add_show(CLI::App& program);
VerbAction add_rm(CLI::App& program);
VerbAction add_cp(CLI::App& program);
VerbAction add_plan(CLI::App& program);
VerbAction add_deploy(CLI::App& program);
VerbAction add_status(CLI::App& program);
VerbAction add_rollback(CLI::App& program);
VerbAction add_undeploy(CLI::App& program);
VerbAction add_completion(CLI::App& program);

}  // namespace sixfold::cli
