// A program and all shared libraries that it needs, found as the loader would find them, also for another architecture.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "deploy/oci/elf_file.h"

namespace sixfold::deploy::oci {

struct ProgramFile {
  std::string path;  // in an image: "usr/lib/x86_64-linux-gnu/libc.so.6"
  std::string from;  // on this machine
};

struct ProgramFiles {
  ElfFile program;
  std::string from;                    // the program itself
  std::vector<ProgramFile> libraries;  // with the loader, by path
};

// What a person named: a program, whose libraries lie where this machine has those of its architecture, or a folder
// with a system, which has the program as usr/bin/sixfold, usr/local/bin/sixfold or bin/sixfold.
struct ProgramPlace {
  std::string program;
  std::string root;  // "", or the folder with the system that the program is of; `program` then begins with it
};

// Errors: not_found.
Result<ProgramPlace> find_program(const std::string& path);

// Errors: not_found, which says what is missing, who needs it and where it was looked for; those of read_elf;
// invalid_argument for a program of another architecture than `architecture` ("amd64", "arm64").
Result<ProgramFiles> collect_program(const ProgramPlace& place, std::string_view architecture);

}  // namespace sixfold::deploy::oci
