// What a source of models is: from a name such as "hf:org/model" to a list of files and how to ask for them.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "net/http_client.h"
#include "registry/environment.h"

namespace sixfold::registry {

// Makes the request for a file, without Range.  is_renewed: the last one was refused with Remedy::kOtherRequest.
// Called by one thread at a time.
using MakeRequest = std::function<Result<net::ClientRequest>(bool is_renewed)>;

// What helps against an answer without content.
enum class Remedy {
  kNone,
  kOtherRequest,  // with other credentials, say: MakeRequest knows
  kWait,
};

struct Refusal {
  Remedy remedy = Remedy::kNone;
  Error error;  // for a person, when nothing helps
};

// By one thread at a time, and never while MakeRequest is called.
using ReadRefusal = std::function<Refusal(const net::ResponseHead&)>;

// By the status alone: 401 wants other credentials, 408, 429 and 5xx pass.
Refusal read_refusal(const net::ResponseHead& head);

struct RemoteFile {
  std::string path;                      // where it stands in the artifact's folder; check_artifact_path holds
  std::optional<std::uint64_t> bytes{};  // when the listing says
  std::string sha256{};                  // lower-case hex; "" when not known before it is here
  std::string git_sha1{};                // of git's blob: sha1("blob SIZE\0" + content); "" when not known
  std::string local_path{};              // a file of this machine with the content; then there is no request
  bool is_linked = false;                // local_path stays where it is and is linked to, instead of copied
  MakeRequest request{};
  ReadRefusal read_refusal{};  // none: by the status
};

// A repository in the cache that all programs for the Hugging Face Hub share.
struct HubRevision {
  std::string repository;  // "org/name"
  std::string revision;    // as asked: "main"
  std::string commit;      // 40 hex digits
};

struct RemoteArtifact {
  std::string source;    // canonical, without secrets: what the artifact is called unless it gets a name
  std::string revision;  // what exactly was found: a commit, a digest; "" where the source has no such thing
  std::string license{};
  std::vector<RemoteFile> files{};
  std::optional<HubRevision> hub{};  // kept there instead of in our own store
  // How its servers are reached, where their own settings say so; else as the context says.
  std::optional<net::HttpClientOptions> http{};
};

struct SourceContext {
  net::HttpClientOptions http = {};
  Environment environment = process_environment;
  bool is_offline = false;
  std::function<void(const std::string&)> note = [](const std::string&) {};  // one line for the user
};

struct SourceRow {
  std::string_view scheme;  // "hf:"
  std::string_view form;    // "hf:ORG/NAME[@REVISION][:QUANT|/FILE]", for help and errors
  // rest: what follows the scheme.  Errors of resolve: invalid_argument (form), not_found, unauthenticated,
  // permission_denied, unavailable, corrupt_data; messages carry no secrets.
  std::string (*canonical)(const std::string& rest);  // with the scheme, without secrets: RemoteArtifact::source
  Result<RemoteArtifact> (*resolve)(const std::string& rest, const SourceContext& context);
};

// A relative path of at most limits::kArtifactPathBytesMax bytes of UTF-8 whose segments are neither empty, "." nor
// "..", without control characters, backslashes and colons.  Errors: corrupt_data that names `where`.
Status check_artifact_path(std::string_view path, std::string_view where);

// Every path, size and hash of a listing, and that no two files are one.
Status check_artifact(const RemoteArtifact& artifact);

}  // namespace sixfold::registry
