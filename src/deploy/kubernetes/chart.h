// A Helm chart of the same objects, whose user chooses names, images, sizes and what is switched on.
#pragma once
#include <string_view>
#include <vector>

#include "core/result.h"
#include "deploy/kubernetes/settings.h"
#include "deploy/target.h"

namespace sixfold::deploy::kubernetes {

// In Chart.yaml: the namespace that the settings name, for whoever installs the chart.
inline constexpr std::string_view kNamespaceAnnotation = "sixfold.dev/namespace";

// Chart.yaml, values.yaml, values.schema.json, templates/.  Paths begin with the chart's name.  Source: Helm, "Charts".
std::vector<RenderedFile> chart_of(const Settings& settings);

}  // namespace sixfold::deploy::kubernetes
