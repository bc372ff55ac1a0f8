// Reads dpkg's own files: var/lib/dpkg/info/NAME[:ARCH].list has a path a line, var/lib/dpkg/status the versions.
#include "deploy/oci/installed_packages.h"

#include <filesystem>
#include <optional>
#include <string_view>

#include "core/text_file.h"

namespace sixfold::deploy::oci {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPackageListBytesMax = 64u << 20;
constexpr std::string_view kListEnding = ".list";

// Paths before and after /lib became a link to /usr/lib are the same file.
std::string without_usr(std::string path) {
  constexpr std::string_view kUsr = "/usr/lib";
  return path.starts_with(kUsr) ? path.substr(4) : path;
}

template <class Take>
void for_lines(std::string_view text, const Take& take) {
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    take(text.substr(begin, end - begin));
    begin = end + 1;
  }
}

// "libc6" and "amd64" of "libc6:amd64.list".
struct ListName {
  std::string package, architecture;
};

std::optional<ListName> list_name(std::string name) {
  if (!name.ends_with(kListEnding)) return std::nullopt;
  name.erase(name.size() - kListEnding.size());
  const std::size_t colon = name.find(':');
  if (colon == std::string::npos) return ListName{name, {}};
  return ListName{name.substr(0, colon), name.substr(colon + 1)};
}

using Packages = std::map<std::string, InstalledPackage>;

// Versions of the packages that are named, from paragraphs of "Field: value".
void add_versions(std::string_view status, Packages& packages) {
  std::string name, version, architecture;
  const auto end_paragraph = [&] {
    for (auto& [file, package] : packages) {
      const bool is_it = package.name == name && (package.architecture.empty() || package.architecture == architecture);
      if (is_it) package = {name, version, architecture};
    }
    name.clear();
    version.clear();
    architecture.clear();
  };
  for_lines(status, [&](std::string_view line) {
    if (line.empty()) return end_paragraph();
    const std::size_t colon = line.find(": ");
    if (line.front() == ' ' || colon == std::string_view::npos) return;
    const std::string_view field = line.substr(0, colon), value = line.substr(colon + 2);
    if (field == "Package") name = value;
    if (field == "Version") version = value;
    if (field == "Architecture") architecture = value;
  });
  end_paragraph();
}

}  // namespace

std::map<std::string, InstalledPackage> packages_of(const std::vector<std::string>& files, const std::string& root) {
  std::map<std::string, std::string> wanted;  // path as dpkg may have it: the file
  for (const std::string& file : files) {
    std::error_code error;
    std::string whole = fs::canonical(file, error).string();
    if (error) continue;
    const std::string base = fs::weakly_canonical(root, error).string();
    if (!root.empty() && whole.starts_with(base)) whole.erase(0, base.size());
    wanted.emplace(without_usr(whole), file);
  }
  Packages packages;
  const std::string folder = root + "/var/lib/dpkg";
  std::error_code error;
  for (fs::directory_iterator entry(folder + "/info", error), end; !error && entry != end; entry.increment(error)) {
    const auto name = list_name(entry->path().filename().string());
    if (!name) continue;
    const auto list = read_text_file(entry->path().string(), kPackageListBytesMax);
    if (!list.is_ok()) continue;
    for_lines(*list, [&](std::string_view line) {
      const auto found = wanted.find(without_usr(std::string(line)));
      if (found != wanted.end())
        packages.emplace(found->second, InstalledPackage{name->package, {}, name->architecture});
    });
  }
  if (packages.empty()) return packages;
  if (const auto status = read_text_file(folder + "/status", kPackageListBytesMax); status.is_ok()) {
    add_versions(*status, packages);
  }
  return packages;
}

}  // namespace sixfold::deploy::oci
