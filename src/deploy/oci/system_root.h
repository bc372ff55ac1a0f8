// Files of a system that lies in a folder, as they would be found if that folder were "/".
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace sixfold::deploy::oci {

// The file or folder of this machine that `path` ("/lib64/ld.so") is in the system below `root`: links lead to where
// they would there, absolute ones too, and never out of it.  root: "" for this machine, whose own kernel follows links;
// the path then comes back as it is.  Nothing where there is no such file, or a circle of links.
std::optional<std::string> find_below(const std::string& root, std::string_view path);

}  // namespace sixfold::deploy::oci
