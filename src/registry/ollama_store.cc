// Paths and sizes.
#include "registry/ollama_store.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "core/limits.h"
#include "core/text_file.h"
#include "registry/folders.h"

namespace sixfold::registry {
namespace {

constexpr const char* kServiceFolder = "/usr/share/ollama/.ollama/models";

}  // namespace

std::vector<OllamaStore> OllamaStore::all(const Environment& environment) {
  std::vector<std::string> folders;
  if (std::string own = environment("OLLAMA_MODELS"); !own.empty()) {
    folders.push_back(std::move(own));
  } else {
    if (const std::string home = environment("HOME"); home.starts_with('/'))
      folders.push_back(home + "/.ollama/models");
    folders.emplace_back(kServiceFolder);
  }
  std::vector<OllamaStore> stores;
  for (const std::string& folder : folders) {
    std::error_code error;
    const std::string absolute = std::filesystem::absolute(folder, error).string();
    if (!error && std::filesystem::is_directory(absolute, error)) stores.emplace_back(absolute);
  }
  return stores;
}

std::optional<std::string> OllamaStore::manifest(const OllamaName& name) const {
  auto text =
      read_text_file(fmt::format("{}/manifests/{}", folder_, name.manifest_path()), limits::kStoreRecordBytesMax);
  if (!text.is_ok()) return std::nullopt;
  return std::move(*text);
}

std::optional<std::string> OllamaStore::find_blob(const std::string& sha256, std::uint64_t bytes) const {
  std::string path = fmt::format("{}/blobs/sha256-{}", folder_, sha256);
  if (!is_file(path) || file_bytes(path) != bytes) return std::nullopt;
  return path;
}

}  // namespace sixfold::registry
