// Compares real paths, part by part.
#include "service/adapter_folder.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"

namespace sixfold::service {
namespace {

namespace fs = std::filesystem;

bool is_inside(const fs::path& folder, const fs::path& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  if (error) return false;
  return std::mismatch(folder.begin(), folder.end(), real.begin(), real.end()).first == folder.end();
}

}  // namespace

Result<std::string> path_inside(const std::string& folder, const std::string& path) {
  const Error refusal = not_found("\"lora_path\": want an adapter inside the folder that this server was started with");
  // What the file system would read as the end of a shorter path.
  if (path.empty() || path.find('\0') != std::string::npos) return refusal;
  std::error_code error;
  const fs::path base = fs::canonical(folder, error);
  if (error || !is_inside(base, base / path)) return refusal;
  const fs::path real = fs::canonical(base / path, error);
  if (error) return refusal;
  const fs::path around = fs::is_directory(real, error) ? real : real.parent_path();
  for (const char* name : {"adapter_config.json", "adapter_model.safetensors"}) {
    if (fs::exists(around / name, error) && !is_inside(base, around / name)) return refusal;
  }
  return real.string();
}

}  // namespace sixfold::service
