// The program's entry.
#include "cli/program.h"

int main(int argc, char** argv) {
  return sixfold::cli::run_program(argc, argv);
}
