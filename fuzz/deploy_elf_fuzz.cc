// Any bytes are either refused as a program, or read without leaving them; what is read fits into the file.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "deploy/oci/elf_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sixfold;
  const auto read = [&](std::uint64_t offset, std::span<std::byte> into) -> Status {
    if (offset > size || into.size() > size - offset) std::abort();
    if (!into.empty()) std::memcpy(into.data(), data + offset, into.size());
    return ok();
  };
  const auto file = deploy::oci::parse_elf({size, read}, "fuzz");
  if (!file.is_ok()) {
    if (file.error().message.empty()) std::abort();
    return 0;
  }
  if (file->loaded_bytes > size || file->header.size() > file->loaded_bytes) std::abort();
  if (file->model.offset > size || file->model.bytes > size - file->model.offset) std::abort();
  for (const std::string& name : file->needed) {
    if (name.empty() || name.find('/') != std::string::npos) std::abort();
  }
  return 0;
}
