// The store of models, as a server lets clients manage it.
#pragma once
#include <memory>
#include <string>

#include "cli/fetch.h"
#include "core/result.h"
#include "service/model_shelf.h"

namespace sixfold::cli {

// What a name that a client sent stands for: a name of the catalogue, "hf:ORG/NAME...", also written as a page of
// hf.co, or a name of ollama's registry.  Sources that reach other servers are not for clients: the request would come
// from this machine, with this machine's credentials.
// Errors: permission_denied, invalid_argument.
Result<std::string> source_for_client(const std::string& name);

// Downloads and removes on threads of its own, which end with it.  Errors: as registry::Store::open.
Result<std::unique_ptr<service::ModelShelf>> open_shelf(const FetchFlags& flags);

}  // namespace sixfold::cli
