// The list, in the order in which help shows it.
#include "deploy/target_list.h"

#include <array>

#include "core/error.h"
#include "manifest/nearest_name.h"

namespace sixfold::deploy {

std::span<const TargetRow> target_rows() {
  static constexpr std::array<TargetRow, 4> kTargets = {{
      {"container", "an image, as an archive or in a registry", render_container, container_steps, look_at_container},
      {"kubernetes", "plain YAML and a Kustomize base, applied with kubectl", render_kubernetes, kubernetes_steps,
       look_at_kubernetes},
      {"helm", "a Helm chart with a schema of its values", render_helm, helm_steps, look_at_helm},
      {"compose", "a Compose file for one machine", render_compose, compose_steps, look_at_compose},
  }};
  return kTargets;
}

Result<const TargetRow*> find_target(std::string_view name) {
  std::vector<std::string_view> known;
  for (const TargetRow& row : target_rows()) {
    if (row.name == name) return &row;
    known.push_back(row.name);
  }
  const std::string_view near = manifest::nearest_name(name, known);
  if (!near.empty()) return not_found("no target \"{}\"; did you mean \"{}\"?", name, near);
  std::string all;
  for (const std::string_view own : known) all += (all.empty() ? "" : ", ") + std::string(own);
  return not_found("no target \"{}\"; there are {}", name, all);
}

}  // namespace sixfold::deploy
