// Sections of a program by their names.  No loader reads them, so that what is wrong with them is no error.
#pragma once
#include <string_view>

#include "deploy/oci/elf_file.h"

namespace sixfold::deploy::oci {

// Where the section's bytes are in the file; none where the file has no such section, or its table contradicts itself.
// bytes: of a file that parse_elf has taken.  Source: System V Application Binary Interface, chapter 4.
FileRange find_section(const ElfBytes& bytes, std::string_view name);

}  // namespace sixfold::deploy::oci
