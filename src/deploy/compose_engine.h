// Which of the programs that read Compose files a machine has.
#pragma once
#include <string>
#include <vector>

#include "core/result.h"

namespace sixfold::deploy {

struct ComposeEngine {
  std::string name;  // as people type it: "docker compose", "docker-compose", "podman compose", "podman-compose"
  std::vector<std::string> command() const;
  // Podman's leave a running container as it is when its settings have changed, and some of their versions call it a
  // success when nothing could be started.
  bool is_podman() const { return name.starts_with("podman"); }
};

// The one that is noted in the folder `work`, else the first that answers, in the order above; Docker's must have a
// daemon.  Errors: not_found with all that were tried and what is wrong with each; unavailable when the noted one does
// not answer.
Result<ComposeEngine> find_compose_engine(const std::string& work);

// Another program would not see what this one has started, so it is noted before it starts anything.
Status note_compose_engine(const std::string& work, const ComposeEngine& engine);
bool has_noted_compose_engine(const std::string& work);
Status forget_compose_engine(const std::string& work);

}  // namespace sixfold::deploy
