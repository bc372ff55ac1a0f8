// The command line program.
#pragma once

namespace sixfold::cli {

// Parses the arguments, runs the verb, prints an error in one line; returns the exit code (core/result.h's table).
int run_program(int argc, char** argv);

}  // namespace sixfold::cli
