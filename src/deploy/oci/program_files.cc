// In the image all libraries lie where the C library does: its loader looks there without being told.
#include "deploy/oci/program_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <map>
#include <optional>

#include "core/error.h"
#include "registry/folders.h"

namespace sixfold::deploy::oci {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLibrariesMax = 512;

std::string_view triplet_of(std::string_view architecture) {
  return architecture == "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
}

// Folders in which loaders look without being told.
std::vector<std::string> usual_folders(std::string_view architecture) {
  const std::string_view triplet = triplet_of(architecture);
  return {
      fmt::format("/usr/lib/{}", triplet), fmt::format("/lib/{}", triplet), "/usr/lib64", "/lib64", "/usr/lib", "/lib"};
}

// With those where cross compilers and administrators put libraries.
std::vector<std::string> searched_folders(std::string_view architecture) {
  std::vector<std::string> folders = usual_folders(architecture);
  folders.emplace_back("/usr/local/lib");
  folders.push_back(fmt::format("/usr/{}/lib", triplet_of(architecture)));
  return folders;
}

std::string with_origin(std::string path, const std::string& origin) {
  for (const std::string_view name : {"${ORIGIN}", "$ORIGIN"}) {
    for (std::size_t at = path.find(name); at != std::string::npos; at = path.find(name, at + origin.size())) {
      path.replace(at, name.size(), origin);
    }
  }
  return path;
}

Result<ElfFile> read_file(const std::string& path) {
  SIXFOLD_TRY(const registry::UploadFile file, registry::UploadFile::open(path));
  return read_elf(file);
}

class Collector {
 public:
  Collector(const ProgramPlace& place, std::string_view architecture)
      : place_(place), architecture_(architecture), searched_(searched_folders(architecture)) {}

  Result<ProgramFiles> collect() {
    ProgramFiles files;
    files.from = place_.program;
    SIXFOLD_TRY(files.program, read_file(place_.program));
    if (files.program.architecture != architecture_) {
      return invalid_argument("{}: want a program for {}, got one for {}", place_.program, architecture_,
                              files.program.architecture);
    }
    SIXFOLD_TRY_STATUS(add_needs(files.program, place_.program));
    while (!waiting_.empty()) {
      const std::string name = waiting_.front();
      waiting_.pop_front();
      const std::string from = found_.at(name);
      SIXFOLD_TRY(const ElfFile library, read_file(from));
      SIXFOLD_TRY_STATUS(add_needs(library, from));
    }
    const std::string folder = folder_in_image();
    const std::string loader = fs::path(files.program.interpreter).filename().string();
    for (const auto& [name, from] : found_) {
      if (name != loader) files.libraries.push_back({fmt::format("{}/{}", folder, name), from});
    }
    if (!loader.empty()) SIXFOLD_TRY_STATUS(add_loader(files));
    std::sort(files.libraries.begin(), files.libraries.end(),
              [](const ProgramFile& left, const ProgramFile& right) { return left.path < right.path; });
    return files;
  }

 private:
  Status add_needs(const ElfFile& user, const std::string& from) {
    for (const std::string& name : user.needed) {
      if (found_.contains(name)) continue;
      if (found_.size() >= kLibrariesMax) {
        return resource_exhausted("{}: want at most {} libraries", place_.program, kLibrariesMax);
      }
      std::vector<std::string> folders;
      for (const std::string& path : user.run_paths) {
        const std::string origin = fs::path(from).parent_path().string();
        const bool is_relative = path.find("ORIGIN") != std::string::npos;
        folders.push_back(is_relative ? with_origin(path, origin) : place_.root + path);
      }
      for (const std::string& path : searched_) folders.push_back(place_.root + path);
      const std::optional<std::string> file = find_in(folders, name);
      if (!file) {
        return not_found("{}: needs {} for {}, which is in none of {}", from, name, architecture_,
                         fmt::join(folders, ", "));
      }
      found_.emplace(name, *file);
      waiting_.push_back(name);
    }
    return ok();
  }

  // A file of that name for another machine is passed over, as the loader does.
  std::optional<std::string> find_in(const std::vector<std::string>& folders, const std::string& name) const {
    for (const std::string& folder : folders) {
      std::string path = folder + "/" + name;
      if (!registry::is_file(path)) continue;
      const auto library = read_file(path);
      if (library.is_ok() && library->architecture == architecture_) return path;
    }
    return std::nullopt;
  }

  std::string folder_in_image() const {
    const std::vector<std::string> usual = usual_folders(architecture_);
    for (const auto& [name, from] : found_) {
      if (!name.starts_with("libc.")) continue;
      const std::string folder = fs::path(from).parent_path().string().substr(place_.root.size());
      if (std::find(usual.begin(), usual.end(), folder) != usual.end()) return folder.substr(1);
    }
    return usual.front().substr(1);
  }

  // Where the program says that it is, and nowhere else.
  Status add_loader(ProgramFiles& files) const {
    const std::string& path = files.program.interpreter;
    std::vector<std::string> folders = {place_.root + fs::path(path).parent_path().string()};
    for (const std::string& folder : searched_) folders.push_back(place_.root + folder);
    const std::optional<std::string> file = find_in(folders, fs::path(path).filename().string());
    if (!file) return not_found("{}: its loader {} is not on this machine", place_.program, path);
    files.libraries.push_back({path.substr(1), *file});
    return ok();
  }

  const ProgramPlace& place_;
  const std::string architecture_;
  const std::vector<std::string> searched_;
  std::map<std::string, std::string> found_;  // by name: the file
  std::deque<std::string> waiting_;           // whose own needs are not known yet
};

}  // namespace

Result<ProgramPlace> find_program(const std::string& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    if (!fs::exists(path, ignored)) return not_found("{}: there is no such program", path);
    return ProgramPlace{path, {}};
  }
  static constexpr std::array<std::string_view, 3> kPlaces = {"usr/bin/sixfold", "usr/local/bin/sixfold",
                                                              "bin/sixfold"};
  for (const std::string_view place : kPlaces) {
    std::string program = fmt::format("{}/{}", path, place);
    if (registry::is_file(program)) return ProgramPlace{std::move(program), path};
  }
  return not_found("{}: want a folder with one of {}", path, fmt::join(kPlaces, ", "));
}

Result<ProgramFiles> collect_program(const ProgramPlace& place, std::string_view architecture) {
  return Collector(place, architecture).collect();
}

}  // namespace sixfold::deploy::oci
