// "org/name@revision:Q4_K_M": what stands behind hf:.
#pragma once
#include <string>

#include "core/result.h"
#include "registry/file_choice.h"

namespace sixfold::registry {

struct HubName {
  std::string repository;         // "org/name", or "name" of an old repository without an owner
  std::string revision = "main";  // branch, tag, commit or refs/pr/N
  FileWish wish;

  std::string text() const;  // canonical: "hf:org/name:Q4_K_M"
};

// rest: what follows "hf:"; "//" at its front is accepted.  Errors: invalid_argument.
Result<HubName> parse_hub_name(const std::string& rest);

}  // namespace sixfold::registry
