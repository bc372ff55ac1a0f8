// Splits at "@", ":" and "/".
#include "registry/hub_name.h"

#include <algorithm>
#include <cctype>

#include "core/error.h"
#include "registry/source.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kPullReference = "refs/pr/";

bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 96 && text.front() != '.' && text.front() != '-' &&
         text.find("..") == std::string_view::npos && std::all_of(text.begin(), text.end(), [](char letter) {
           return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '_' ||
                  letter == '.';
         });
}

// Takes the revision off the front of `text`, which follows "@".
std::string take_revision(std::string& text) {
  std::size_t end = 0;
  if (text.starts_with(kPullReference)) end = kPullReference.size();
  end = std::min(text.find_first_of(text.find(':') == std::string::npos ? "/" : ":", end), text.size());
  std::string revision = text.substr(0, end);
  text.erase(0, end);
  return revision;
}

}  // namespace

std::string HubName::text() const {
  std::string text = "hf:" + repository;
  if (revision != "main") text += "@" + revision;
  if (!wish.quantization.empty()) text += ":" + wish.quantization;
  if (!wish.path.empty()) text += "/" + wish.path;
  return text;
}

Result<HubName> parse_hub_name(const std::string& rest) {
  const auto refuse = [&]() -> Result<HubName> {
    return invalid_argument("hf:{}: want hf:ORG/NAME[@REVISION][:QUANTIZATION|/FILE]", rest);
  };
  std::string text = rest.starts_with("//") ? rest.substr(2) : rest;
  HubName name;
  const std::size_t slash = text.find('/');
  const std::size_t end = std::min(text.find_first_of("@:/", slash == std::string::npos ? 0 : slash + 1), text.size());
  name.repository = text.substr(0, end);
  text.erase(0, end);
  if (slash == std::string::npos || slash > end || !is_name(name.repository.substr(0, slash)) ||
      !is_name(name.repository.substr(slash + 1))) {
    return refuse();
  }
  if (text.starts_with('@')) {
    text.erase(0, 1);
    name.revision = take_revision(text);
    if (!check_artifact_path(name.revision, "revision").is_ok()) return refuse();
  }
  if (text.starts_with(':')) {
    name.wish.quantization = text.substr(1);
    if (!is_name(name.wish.quantization)) return refuse();
  } else if (text.starts_with('/')) {
    name.wish.path = text.substr(1);
    if (!check_artifact_path(name.wish.path, "file").is_ok()) return refuse();
  }
  return name;
}

}  // namespace sixfold::registry
