// The answers of the Open Inference Protocol that models compute.
#pragma once
#include <string>

#include "service/endpoints.h"

namespace sixfold::service {

// model: a name that is served.
void oip_infer(ServiceState& state, const net::HttpRequest& request, Writer writer,
               const BackendDescription& description, const std::string& model);
void oip_generate(ServiceState& state, const net::HttpRequest& request, Writer writer,
                  const BackendDescription& description, const std::string& model, bool streams);

}  // namespace sixfold::service
