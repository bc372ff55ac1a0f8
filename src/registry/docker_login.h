// Who a person is at a container registry, as docker login and podman login remember it.
#pragma once
#include <string>

#include "registry/environment.h"

namespace sixfold::registry {

struct DockerLogin {
  std::string user;
  std::string password;
  std::string identity_token;  // instead of both

  bool is_empty() const { return user.empty() && identity_token.empty(); }
};

// Looks in $REGISTRY_AUTH_FILE, $XDG_RUNTIME_DIR/containers/auth.json, $DOCKER_CONFIG/config.json and
// ~/.docker/config.json.  Empty when none of them knows the host; what cannot be read is as if it were not there.
DockerLogin find_docker_login(const Environment& environment, const std::string& host);

}  // namespace sixfold::registry
