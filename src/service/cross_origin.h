// Permission for pages of other origins to call this server (CORS), when the operator asks for it.
#pragma once
#include <memory>

#include "net/http.h"

namespace sixfold::service {

// A writer that adds the permission to what it sends.
std::shared_ptr<net::ResponseWriter> with_cross_origin(std::shared_ptr<net::ResponseWriter> writer);

void add_cross_origin(net::HttpResponse& response);

// Whether the request asks for permission in advance: OPTIONS with Origin and Access-Control-Request-Method.
bool is_preflight(const net::HttpRequest& request);
net::HttpResponse preflight_response(const net::HttpRequest& request);

}  // namespace sixfold::service
