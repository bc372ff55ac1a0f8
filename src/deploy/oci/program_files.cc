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
#include "deploy/oci/system_root.h"
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
    SIXFOLD_TRY_STATUS(add_needs(files.program, place_.program.substr(place_.root.size())));
    while (!waiting_.empty()) {
      const std::string name = waiting_.front();
      waiting_.pop_front();
      const Found found = found_.at(name);
      SIXFOLD_TRY(const ElfFile library, read_file(found.file));
      SIXFOLD_TRY_STATUS(add_needs(library, found.path));
    }
    const std::string folder = folder_in_image();
    const std::string loader = fs::path(files.program.interpreter).filename().string();
    for (const auto& [name, found] : found_) {
      if (name != loader) files.libraries.push_back({fmt::format("{}/{}", folder, name), found.file});
    }
    if (!loader.empty()) SIXFOLD_TRY_STATUS(add_loader(files));
    std::sort(files.libraries.begin(), files.libraries.end(),
              [](const ProgramFile& left, const ProgramFile& right) { return left.path < right.path; });
    return files;
  }

 private:
  struct Found {
    std::string path;  // in its system, by which $ORIGIN goes
    std::string file;  // on this machine
  };

  // from: where the user is in its system.
  Status add_needs(const ElfFile& user, const std::string& from) {
    for (const std::string& name : user.needed) {
      if (found_.contains(name)) continue;
      if (found_.size() >= kLibrariesMax) {
        return resource_exhausted("{}: want at most {} libraries", place_.program, kLibrariesMax);
      }
      std::vector<std::string> folders;
      const std::string origin = fs::path(from).parent_path().string();
      for (const std::string& path : user.run_paths) {
        // One that goes by the folder in which somebody starts the program leads nowhere in an image.
        if (path.front() == '/' || path.front() == '$') folders.push_back(with_origin(path, origin));
      }
      folders.insert(folders.end(), searched_.begin(), searched_.end());
      std::optional<Found> found = find_in(folders, name);
      if (!found) {
        for (std::string& folder : folders) folder.insert(0, place_.root);
        return not_found("{}{}: needs {} for {}, which is in none of {}", place_.root, from, name, architecture_,
                         fmt::join(folders, ", "));
      }
      found_.emplace(name, *std::move(found));
      waiting_.push_back(name);
    }
    return ok();
  }

  // A file of that name for another machine is passed over, as the loader does.
  std::optional<Found> find_in(const std::vector<std::string>& folders, const std::string& name) const {
    for (const std::string& folder : folders) {
      std::string path = folder + "/" + name;
      std::optional<std::string> file = find_below(place_.root, path);
      if (!file || !registry::is_file(*file)) continue;
      const auto library = read_file(*file);
      if (library.is_ok() && library->architecture == architecture_) return Found{std::move(path), *std::move(file)};
    }
    return std::nullopt;
  }

  std::string folder_in_image() const {
    const std::vector<std::string> usual = usual_folders(architecture_);
    for (const auto& [name, found] : found_) {
      if (!name.starts_with("libc.")) continue;
      const std::string folder = fs::path(found.path).parent_path().string();
      if (std::find(usual.begin(), usual.end(), folder) != usual.end()) return folder.substr(1);
    }
    return usual.front().substr(1);
  }

  // Where the program says that it is, and nowhere else.
  Status add_loader(ProgramFiles& files) const {
    const std::string& path = files.program.interpreter;
    std::vector<std::string> folders = {fs::path(path).parent_path().string()};
    folders.insert(folders.end(), searched_.begin(), searched_.end());
    std::optional<Found> found = find_in(folders, fs::path(path).filename().string());
    if (!found) return not_found("{}: its loader {} is not in {}", place_.program, path, shown_root());
    files.libraries.push_back({path.substr(1), std::move(found->file)});
    return ok();
  }

  std::string shown_root() const { return place_.root.empty() ? "this machine" : place_.root; }

  const ProgramPlace& place_;
  const std::string architecture_;
  const std::vector<std::string> searched_;
  std::map<std::string, Found> found_;  // by name
  std::deque<std::string> waiting_;     // whose own needs are not known yet
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
    std::optional<std::string> program = find_below(path, place);
    if (program && registry::is_file(*program)) return ProgramPlace{*std::move(program), path};
  }
  return not_found("{}: want a folder with one of {}", path, fmt::join(kPlaces, ", "));
}

Result<ProgramFiles> collect_program(const ProgramPlace& place, std::string_view architecture) {
  return Collector(place, architecture).collect();
}

}  // namespace sixfold::deploy::oci
