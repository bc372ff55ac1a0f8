// The one table of endpoints: the router, the OpenAPI document, /docs and the metric labels all come from it.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "net/router.h"
#include "service/endpoints.h"

namespace sixfold::service {

struct RouteRow {
  std::string_view method;
  std::string_view pattern;
  std::string_view tag;
  std::string_view summary;
  std::string_view request_schema;   // a name in schemas.h; empty: no body
  std::string_view response_schema;  // empty: not JSON
  std::string_view response_type;
  bool is_listed;  // synonyms are served but not documented
  void (*handle)(ServiceState&, const net::HttpRequest&, Writer);
};

std::span<const RouteRow> route_table();

// state must outlive the router.  allows_cross_origin: every answer carries Access-Control-Allow-Origin: *.
net::Router make_router(ServiceState& state, bool allows_cross_origin);

// OpenAPI 3.1, as JSON text.
std::string make_openapi(const BackendDescription& description);

}  // namespace sixfold::service
