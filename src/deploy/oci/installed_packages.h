// Which of the distribution's packages files came with, for a list of what an image contains.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/result.h"

namespace sixfold::deploy::oci {

struct InstalledPackage {
  std::string name, version, architecture;
};

// files: absolute paths on this machine.  root: of the system that they are of, "" for this one.  Files that no package
// has are left out, and all of them where there is no database of dpkg.
std::map<std::string, InstalledPackage> packages_of(const std::vector<std::string>& files, const std::string& root);

}  // namespace sixfold::deploy::oci
