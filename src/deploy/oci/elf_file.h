// What the loader reads of a program or a shared library, from a file that may be anything.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "core/result.h"
#include "deploy/oci/file_range.h"
#include "registry/push/upload_file.h"

namespace sixfold::deploy::oci {

struct ElfFile {
  std::string architecture;            // "amd64", "arm64"
  std::string interpreter;             // "/lib64/ld-linux-x86-64.so.2"; empty: it needs none
  std::vector<std::string> needed;     // names of libraries, in the loader's order
  std::vector<std::string> run_paths;  // folders, still with $ORIGIN
  // What follows is for people who debug: names and line numbers.  header: with which the file may end there.
  std::uint64_t loaded_bytes = 0;
  std::string header;
  FileRange model;  // sixfold's built-in one
};

// Bytes of a file of a known size; never asked for more.
struct ElfBytes {
  std::uint64_t size = 0;
  std::function<Status(std::uint64_t offset, std::span<std::byte> into)> read;
};

// 64 bits, little-endian, x86-64 or AArch64.  Errors: invalid_argument where it is no such file, corrupt_data where it
// contradicts itself.  Source: System V Application Binary Interface, chapters 4 and 5.
Result<ElfFile> parse_elf(const ElfBytes& bytes, const std::string& name);
Result<ElfFile> read_elf(const registry::UploadFile& file);

}  // namespace sixfold::deploy::oci
