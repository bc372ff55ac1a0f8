// All kinds of targets of a push.  Adding one is a file and a row.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "registry/push/push.h"

namespace sixfold::registry {

struct TargetRow {
  std::string_view scheme;  // "oci:"
  std::string_view form;    // "oci:[HOST/]NAME[:TAG]", for help and errors
  Result<Pushed> (*push)(const std::string& rest, const ModelToPush& model, const PushOptions& options);
};

std::span<const TargetRow> target_rows();

// One per file target_*.cc.
Result<Pushed> push_oci(const std::string& rest, const ModelToPush& model, const PushOptions& options);
Result<Pushed> push_s3(const std::string& rest, const ModelToPush& model, const PushOptions& options);

}  // namespace sixfold::registry
