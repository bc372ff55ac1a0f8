// Splits host, repository, tag and digest.
#include "registry/oci_reference.h"

#include <algorithm>
#include <cctype>

#include "core/digest.h"
#include "core/error.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kHub = "docker.io";
constexpr std::string_view kHubServer = "registry-1.docker.io";
constexpr std::size_t kRepositoryMax = 255;
constexpr std::size_t kTagMax = 128;

bool is_of(std::string_view text, std::string_view more) {
  return std::all_of(text.begin(), text.end(), [&](char letter) {
    return (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
           more.find(letter) != std::string_view::npos;
  });
}

bool is_repository(std::string_view text) {
  if (text.empty() || text.size() > kRepositoryMax || !is_of(text, "._-/")) return false;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    if (part.empty() || !is_of(part.substr(0, 1), "") || !is_of(part.substr(part.size() - 1), "")) return false;
    if (part.find("..") != std::string_view::npos) return false;
    begin = end + 1;
  }
  return true;
}

bool is_tag(std::string_view text) {
  const auto is_word = [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_';
  };
  return !text.empty() && text.size() <= kTagMax && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char letter) { return is_word(letter) || letter == '.' || letter == '-'; });
}

bool is_host(std::string_view text) {
  return text.find_first_of(".:") != std::string_view::npos || text == "localhost";
}

// Nothing that could end the host within an address: no user, no path, no query.
bool is_host_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char letter) {
    return std::isalnum(static_cast<unsigned char>(letter)) != 0 ||
           std::string_view(".-:[]").find(letter) != std::string_view::npos;
  });
}

bool is_this_machine(std::string_view host) {
  const std::string_view name =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return name == "localhost" || name == "[::1]" || name == "127.0.0.1";
}

}  // namespace

std::string OciReference::text() const {
  return fmt::format("{}/{}{}{}", host, repository, digest.empty() ? ":" : "@", version());
}

std::string OciReference::base_url() const {
  if (host == kHub) return "https://" + std::string(kHubServer);
  return (is_this_machine(host) ? "http://" : "https://") + host;
}

Result<OciReference> parse_oci_reference(const std::string& rest) {
  OciReference reference{.host = std::string(kHub)};
  std::string text = rest.starts_with("//") ? rest.substr(2) : rest;
  if (const std::size_t slash = text.find('/'); slash != std::string::npos && is_host(text.substr(0, slash))) {
    reference.host = text.substr(0, slash);
    text.erase(0, slash + 1);
  }
  if (const std::size_t at = text.find('@'); at != std::string::npos) {
    reference.digest = text.substr(at + 1);
    text.erase(at);
  }
  if (const std::size_t colon = text.find(':'); colon != std::string::npos) {
    reference.tag = text.substr(colon + 1);
    text.erase(colon);
  }
  reference.repository = std::move(text);
  if (reference.host == kHub && reference.repository.find('/') == std::string::npos) {
    reference.repository = "library/" + reference.repository;
  }
  const bool has_good_digest =
      reference.digest.empty() ||
      (reference.digest.starts_with(kSha256Prefix) && is_sha256_hex(reference.digest.substr(kSha256Prefix.size())));
  if (!is_host_name(reference.host) || !is_repository(reference.repository) || !is_tag(reference.tag) ||
      !has_good_digest) {
    return invalid_argument("oci:{}: want oci:[HOST/]NAME[:TAG|@sha256:HEX]", rest);
  }
  return reference;
}

}  // namespace sixfold::registry
