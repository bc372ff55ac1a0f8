// All kinds of sources.  Adding one is a file and a row.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "registry/source.h"

namespace sixfold::registry {

std::span<const SourceRow> source_rows();

// Null when `source` begins with none of the schemes.
const SourceRow* find_source(std::string_view source);

// One per file source_*.cc; contracts: SourceRow::resolve.
Result<RemoteArtifact> resolve_file(const std::string& rest, const SourceContext& context);
Result<RemoteArtifact> resolve_http(const std::string& rest, const SourceContext& context);
Result<RemoteArtifact> resolve_https(const std::string& rest, const SourceContext& context);
Result<RemoteArtifact> resolve_hub(const std::string& rest, const SourceContext& context);
Result<RemoteArtifact> resolve_mlflow(const std::string& rest, const SourceContext& context);
Result<RemoteArtifact> resolve_ollama(const std::string& rest, const SourceContext& context);
Result<RemoteArtifact> resolve_oci(const std::string& rest, const SourceContext& context);
Result<RemoteArtifact> resolve_s3(const std::string& rest, const SourceContext& context);

}  // namespace sixfold::registry
