// What a person sees in a browser: / and /docs, and the document behind them.
#include "core/error.h"
#include "core/version.h"
#include "service/endpoints.h"
#include "service/json.h"

namespace sixfold::service {
namespace {

// One page, nothing loaded from elsewhere.  The files are its parts inside raw string literals.
constexpr std::string_view kDocsPage =
#include "service/docs_page.css.inc"
// Adjacent literals are one.
#include "service/docs_page.html.inc"
// What runs on it.
#include "service/docs_page.js.inc"
    ;

}  // namespace

void landing_page(ServiceState& state, const net::HttpRequest& request, Writer writer) {
  net::HttpResponse response;
  if (request.header("accept").find("text/html") != std::string_view::npos) {
    response.status = 302;
    response.headers.push_back({"Location", "/docs"});
    response.content_type = "text/plain; charset=utf-8";
    response.body = "See /docs\n";
  } else {
    response.body = json::serialize(json::object{{"name", "sixfold"},
                                                 {"version", std::string(version())},
                                                 {"model", state.backend.describe().model},
                                                 {"docs", "/docs"},
                                                 {"openapi", "/openapi.json"}});
  }
  writer->send(std::move(response));
}

void docs_page(ServiceState&, const net::HttpRequest&, Writer writer) {
  net::HttpResponse response;
  response.content_type = "text/html; charset=utf-8";
  response.headers.push_back(
      {"Content-Security-Policy",
       "default-src 'none'; connect-src 'self'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"});
  response.body = kDocsPage;
  writer->send(std::move(response));
}

void openapi_document(ServiceState& state, const net::HttpRequest&, Writer writer) {
  net::HttpResponse response;
  response.body = state.openapi;
  writer->send(std::move(response));
}

}  // namespace sixfold::service
