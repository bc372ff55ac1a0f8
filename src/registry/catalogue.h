// Small models that many people ask for, by short names.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace sixfold::registry {

struct CatalogueEntry {
  std::string_view name;
  std::string_view source;
  std::string_view license;  // SPDX
  std::uint32_t megabytes;   // to download, about
  std::string_view good_for;
};

// Sorted by name.
std::span<const CatalogueEntry> catalogue();

// Null when there is none of that name.
const CatalogueEntry* find_in_catalogue(std::string_view name);

}  // namespace sixfold::registry
