// https://HOST/FILE: one file at an address, with its hash if the address gives one.
#include <boost/url/pct_string_view.hpp>
#include <optional>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "net/url.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  const auto view = boost::urls::make_pct_string_view({text.data(), text.size()});
  if (view.has_error()) return std::nullopt;
  return view->decode();
}

Result<RemoteArtifact> resolve(const std::string& address, const SourceContext& context) {
  constexpr std::string_view kHashMark = "#sha256=";
  const std::string shown = net::shown_url(address);
  if (context.is_offline) return unavailable("{}: not on this machine, and --offline forbids to ask", shown);
  SIXFOLD_TRY(const net::Url url, net::parse_url(address));
  RemoteFile file;
  if (const std::size_t mark = address.find('#'); mark != std::string::npos) {
    if (!address.substr(mark).starts_with(kHashMark)) {
      return invalid_argument("{}: after \"#\" want sha256=HEX", shown);
    }
    file.sha256 = address.substr(mark + kHashMark.size());
    if (!is_sha256_hex(file.sha256)) return invalid_argument("{}: #sha256: want 64 lower-case hex digits", shown);
  }
  const auto name = decoded(std::string_view(url.path).substr(url.path.rfind('/') + 1));
  if (!name || name->empty()) return invalid_argument("{}: want an address that ends in a file name", shown);
  file.path = *name;
  file.request = [address](bool) -> Result<net::ClientRequest> {
    return net::ClientRequest{.url = address.substr(0, address.find('#'))};
  };
  RemoteArtifact artifact{.source = shown, .revision = {}};
  artifact.files.push_back(std::move(file));
  return artifact;
}

}  // namespace

Result<RemoteArtifact> resolve_https(const std::string& rest, const SourceContext& context) {
  return resolve("https:" + rest, context);
}

Result<RemoteArtifact> resolve_http(const std::string& rest, const SourceContext& context) {
  return resolve("http:" + rest, context);
}

}  // namespace sixfold::registry
