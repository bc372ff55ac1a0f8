// hf:ORG/NAME: repositories of the Hugging Face Hub, or of a server that speaks its protocol (HF_ENDPOINT).
#include <algorithm>
#include <map>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/json.h"
#include "core/limits.h"
#include "core/text_file.h"
#include "net/url.h"
#include "registry/folders.h"
#include "registry/hub_cache.h"
#include "registry/hub_name.h"
#include "registry/source_list.h"

namespace sixfold::registry {
namespace {

constexpr std::string_view kDefaultEndpoint = "https://huggingface.co";
constexpr std::size_t kTokenBytesMax = 4096;

std::string endpoint_of(const Environment& environment) {
  std::string endpoint = environment("HF_ENDPOINT");
  if (endpoint.empty()) endpoint = kDefaultEndpoint;
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return endpoint;
}

std::string home_of(const Environment& environment) {
  if (std::string home = environment("HF_HOME"); !home.empty()) return home;
  if (const std::string xdg = environment("XDG_CACHE_HOME"); xdg.starts_with('/')) return xdg + "/huggingface";
  return environment("HOME") + "/.cache/huggingface";
}

// HF_TOKEN, else the file of `huggingface-cli login`.
std::string token_of(const Environment& environment) {
  std::string token = first_set(environment, {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"});
  if (token.empty() && !is_switched_on(environment, "HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
    std::string path = environment("HF_TOKEN_PATH");
    if (path.empty()) path = home_of(environment) + "/token";
    auto text = read_text_file(path, kTokenBytesMax);
    if (text.is_ok()) token = std::move(*text);
  }
  const auto is_space = [](char letter) { return letter == ' ' || letter == '\n' || letter == '\r' || letter == '\t'; };
  while (!token.empty() && is_space(token.back())) token.pop_back();
  return token.substr(static_cast<std::size_t>(std::find_if_not(token.begin(), token.end(), is_space) - token.begin()));
}

bool is_git_hash(std::string_view text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What the hub's own words for a refusal mean for a person.
Error explain(const net::ResponseHead& head, const HubName& name, const std::string& endpoint, bool has_token) {
  const std::string_view code = head.header("X-Error-Code");
  const std::string page = net::shown_url(endpoint) + "/" + name.repository;
  if (code == "GatedRepo") {
    return permission_denied("{}: its owner asks you to accept terms at {}{}", name.text(), page,
                             has_token ? "" : ", and HF_TOKEN to say who you are");
  }
  if (code == "RevisionNotFound") return not_found("{}: no revision \"{}\"", name.text(), name.revision);
  if (code == "RepoNotFound" || head.status == 404 || (head.status == 401 && code.empty())) {
    return not_found("{}: no such repository at {}{}", name.text(), net::shown_url(endpoint),
                     has_token ? "" : "; a private one needs HF_TOKEN");
  }
  return with_context(net::status_error(head), name.text());
}

struct Access {
  std::string endpoint;
  std::vector<net::Header> credentials;
};

RemoteFile remote_file(const json::object& sibling, const Access& access, const HubRevision& revision) {
  RemoteFile file{.path = text_at(sibling, "rfilename"), .bytes = count_at(sibling, "size")};
  const json::object* large = object_at(sibling, "lfs");
  if (large != nullptr) {
    file.sha256 = text_at(*large, "sha256");
  } else if (const std::string hash = text_at(sibling, "blobId"); is_git_hash(hash)) {
    file.git_sha1 = hash;
  }
  net::ClientRequest request{.url = fmt::format("{}/{}/resolve/{}/{}", access.endpoint, revision.repository,
                                                revision.commit, net::percent_encode(file.path, net::Slash::kKept)),
                             .credentials = access.credentials};
  file.request = [request = std::move(request)](bool) -> Result<net::ClientRequest> { return request; };
  return file;
}

std::string license_of(const json::object& info) {
  if (const json::object* card = object_at(info, "cardData")) {
    if (std::string license = text_at(*card, "license"); !license.empty()) return license;
  }
  constexpr std::string_view kTag = "license:";
  if (const json::array* tags = array_at(info, "tags")) {
    for (const json::value& tag : *tags) {
      if (!tag.is_string()) continue;
      const std::string_view text(tag.get_string().data(), tag.get_string().size());
      if (text.starts_with(kTag)) return std::string(text.substr(kTag.size()));
    }
  }
  return {};
}

Result<RemoteArtifact> artifact_of(const HubName& name, const json::object& info, const Access& access) {
  RemoteArtifact artifact{.source = name.text(), .revision = text_at(info, "sha"), .license = license_of(info)};
  if (!is_git_hash(artifact.revision)) return corrupt_data("{}: sha: want 40 hex digits", name.text());
  artifact.hub = HubRevision{name.repository, name.revision, artifact.revision};
  const json::array* siblings = array_at(info, "siblings");
  if (siblings == nullptr) return corrupt_data("{}: siblings: want a list of files", name.text());
  std::map<std::string, RemoteFile> files;
  std::vector<std::string> paths;
  for (const json::value& item : *siblings) {
    const json::object* sibling = item.if_object();
    if (sibling == nullptr) return corrupt_data("{}: siblings: want objects", name.text());
    RemoteFile file = remote_file(*sibling, access, *artifact.hub);
    paths.push_back(file.path);
    files.insert_or_assign(file.path, std::move(file));
  }
  SIXFOLD_TRY(const std::vector<std::string> chosen, choose_files(paths, name.wish, name.text()));
  for (const std::string& path : chosen) {
    RemoteFile& file = files.at(path);
    if (!file.bytes || (!is_sha256_hex(file.sha256) && file.git_sha1.empty())) {
      return corrupt_data("{}: {}: want a size and a hash in the listing", name.text(), path);
    }
    artifact.files.push_back(std::move(file));
  }
  return artifact;
}

// What this or another program brought here before.
Result<RemoteArtifact> resolve_cached(const HubName& name, const std::string& cache) {
  const auto commit = HubCache::find_commit(cache, name.repository, name.revision);
  if (!commit) return not_found("{}: not in the cache {}", name.text(), cache);
  RemoteArtifact artifact{.source = name.text(), .revision = *commit};
  artifact.hub = HubRevision{name.repository, name.revision, *commit};
  const std::vector<std::string> paths = HubCache(cache, *artifact.hub).snapshot_files();
  SIXFOLD_TRY(const std::vector<std::string> chosen, choose_files(paths, name.wish, name.text()));
  for (const std::string& path : chosen) artifact.files.push_back({.path = path});
  return artifact;
}

}  // namespace

Result<RemoteArtifact> resolve_hub(const std::string& rest, const SourceContext& context) {
  SIXFOLD_TRY(const HubName name, parse_hub_name(rest));
  const std::string cache = hub_cache_folder(context.environment);
  if (cache.empty()) return invalid_argument("no place for models: want HF_HOME or HOME to be set");
  const bool is_offline = context.is_offline || is_switched_on(context.environment, "HF_HUB_OFFLINE") ||
                          is_switched_on(context.environment, "TRANSFORMERS_OFFLINE");
  if (is_offline) {
    auto cached = resolve_cached(name, cache);
    if (cached.is_ok()) return cached;
    return unavailable("{}; offline, so the hub is not asked", cached.error().message);
  }
  const std::string token = token_of(context.environment);
  Access access{endpoint_of(context.environment), {}};
  if (!token.empty()) access.credentials.push_back({"Authorization", "Bearer " + token});
  net::HttpClient client(context.http);
  const net::ClientRequest request{.url = fmt::format("{}/api/models/{}/revision/{}?blobs=true", access.endpoint,
                                                      name.repository, net::percent_encode(name.revision)),
                                   .headers = {{"Accept", "application/json"}},
                                   .credentials = access.credentials};
  const auto response = client.fetch(request, limits::kListingBytesMax);
  if (!response.is_ok()) {
    auto cached = net::is_transient(response.error()) && !client.is_cancelled()
                      ? resolve_cached(name, cache)
                      : Result<RemoteArtifact>(response.error());
    if (!cached.is_ok()) return with_context(response.error(), name.text());
    context.note(fmt::format("{}; using what the cache has", response.error().message));
    return cached;
  }
  if (response->head.status != 200) return explain(response->head, name, access.endpoint, !token.empty());
  SIXFOLD_TRY(const json::object info, parse_json_object(response->body, name.text()));
  return artifact_of(name, info, access);
}

}  // namespace sixfold::registry
