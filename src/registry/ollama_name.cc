// Splits at slashes and the last colon.
#include "registry/ollama_name.h"

#include <algorithm>
#include <cctype>
#include <vector>

#include "core/error.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kHostMax = 350;
constexpr std::size_t kPartMax = 80;

bool is_word(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
}

// A letter, digit or underscore, then these and `more`; never "..", which would lead out of a folder.
bool is_part(std::string_view text, std::string_view more, std::size_t bytes_max) {
  return !text.empty() && text.size() <= bytes_max && is_word(text.front()) &&
         text.find("..") == std::string_view::npos && std::all_of(text.begin(), text.end(), [&](char letter) {
           return is_word(letter) || more.find(letter) != std::string_view::npos;
         });
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

}  // namespace

std::string OllamaName::text() const {
  const OllamaName usual;
  std::string front;
  if (host != usual.host) front = host + "/";
  if (!front.empty() || space != usual.space) front += space + "/";
  return front + model + ":" + tag;
}

OciReference OllamaName::reference() const {
  return {.host = host, .repository = space + "/" + model, .tag = tag};
}

std::string OllamaName::manifest_path() const {
  return fmt::format("{}/{}/{}/{}", host, space, model, tag);
}

Result<OllamaName> parse_ollama_name(const std::string& rest) {
  OllamaName name;
  std::string text = rest.starts_with("//") ? rest.substr(2) : rest;
  const std::size_t slash = text.rfind('/');
  const std::size_t colon = text.find(':', slash == std::string::npos ? 0 : slash);
  if (colon != std::string::npos) {
    name.tag = text.substr(colon + 1);
    text.erase(colon);
  }
  std::vector<std::string> parts = split(text);
  if (parts.size() == 3) name.host = parts[0];
  if (parts.size() >= 2) name.space = parts[parts.size() - 2];
  name.model = parts.back();
  if (parts.size() > 3 || !is_part(name.host, "-.:", kHostMax) || !is_part(name.space, "-.", kPartMax) ||
      !is_part(name.model, "-.", kPartMax) || !is_part(name.tag, "-.", kPartMax)) {
    return invalid_argument("ollama:{}: want ollama:[HOST/][SPACE/]MODEL[:TAG]", rest);
  }
  return name;
}

}  // namespace sixfold::registry
