// Reads "auths" of config.json.
#include "registry/docker_login.h"

#include <vector>

#include "core/base64.h"
#include "core/json.h"
#include "core/text_file.h"
#include "registry/folders.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kConfigBytesMax = 1 << 20;
// Docker Hub is remembered under the address of its first protocol.
constexpr std::string_view kHubKey = "https://index.docker.io/v1/";

DockerLogin login_of(const json::object& entry) {
  DockerLogin login{.user = text_at(entry, "username"),
                    .password = text_at(entry, "password"),
                    .identity_token = text_at(entry, "identitytoken")};
  const auto pair = from_base64(text_at(entry, "auth"));
  if (pair && pair->find(':') != std::string::npos) {
    login.user = pair->substr(0, pair->find(':'));
    login.password = pair->substr(pair->find(':') + 1);
  }
  return login;
}

DockerLogin login_in(const std::string& path, const std::string& host) {
  const auto text = read_text_file(path, kConfigBytesMax);
  if (!text.is_ok()) return {};
  const auto config = parse_json_object(*text, path);
  const json::object* logins = config.is_ok() ? object_at(*config, "auths") : nullptr;
  if (logins == nullptr) return {};
  std::vector<std::string> keys = {host, "https://" + host, "https://" + host + "/v1/", "https://" + host + "/v2/"};
  if (host == "docker.io") keys.emplace_back(kHubKey);
  for (const std::string& key : keys) {
    const json::object* entry = object_at(*logins, key);
    if (entry == nullptr) continue;
    if (DockerLogin login = login_of(*entry); !login.is_empty()) return login;
  }
  return {};
}

}  // namespace

DockerLogin find_docker_login(const Environment& environment, const std::string& host) {
  std::vector<std::string> paths;
  const auto add = [&](const char* variable, const std::string& rest) {
    if (const std::string value = environment(variable); !value.empty()) paths.push_back(value + rest);
  };
  add("REGISTRY_AUTH_FILE", "");
  add("XDG_RUNTIME_DIR", "/containers/auth.json");
  add("DOCKER_CONFIG", "/config.json");
  add("HOME", "/.docker/config.json");
  for (const std::string& path : paths) {
    if (DockerLogin login = login_in(path, host); !login.is_empty()) return login;
  }
  return {};
}

}  // namespace sixfold::registry
