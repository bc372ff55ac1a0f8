// Source: OCI distribution specification, "Pushing blobs".
#include "registry/push/oci_upload.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/error.h"

namespace sixfold::registry {
namespace {

constexpr int kDropTimeoutMs = 5000;

// "0-1023" means 1024 bytes.  Registries say "0-0" for nothing as well as for one byte: what is sent again after the
// latter is refused, and the upload begun anew.
std::optional<std::uint64_t> bytes_of_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  text.remove_prefix(dash + 1);
  std::uint64_t last = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), last);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return last == 0 ? 0 : last + 1;
}

std::uint64_t count_of(std::string_view text) {
  std::uint64_t count = 0;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return count;
}

}  // namespace

Result<bool> OciUpload::is_there() {
  SIXFOLD_TRY(const net::TextResponse response,
              session_.send({.method = "HEAD", .url = session_.url("/blobs/" + blob_.digest)}));
  if (response.head.status == 200) return true;
  if (response.head.status == 404) return false;
  return session_.explain(response.head);
}

Result<std::uint64_t> OciUpload::run(const UploadContent& content, const std::string& mount_from) {
  SIXFOLD_TRY(is_whole_, is_there());
  if (is_whole_) return std::uint64_t{0};
  SIXFOLD_TRY(const Begun begun, begin(mount_from));
  if (begun == Begun::kMounted) return std::uint64_t{0};
  if (Status sent = transfer(content); !sent.is_ok()) {
    drop();
    return std::move(sent).error();
  }
  return blob_.bytes;
}

Result<OciUpload::Begun> OciUpload::begin(const std::string& mount_from) {
  std::string url = session_.url("/blobs/uploads/");
  if (!mount_from.empty()) {
    url += fmt::format("?mount={}&from={}", net::percent_encode(blob_.digest), net::percent_encode(mount_from));
  }
  SIXFOLD_TRY(const net::TextResponse response, session_.send({.method = "POST", .url = url}));
  if (response.head.status == 201) return Begun::kMounted;
  if (response.head.status != 202) return session_.explain(response.head);
  offset_ = 0;
  part_bytes_ = std::max(part_bytes_, count_of(response.head.header("OCI-Chunk-Min-Length")));
  SIXFOLD_TRY_STATUS(adopt_location(response.head));
  return Begun::kUpload;
}

// Where to go on; it may be another server, which then sees no credentials.
Status OciUpload::adopt_location(const net::ResponseHead& head) {
  SIXFOLD_TRY(const net::Url base, net::parse_url(head.url));
  SIXFOLD_TRY(net::Url next, net::resolve_url(base, head.header("Location")));
  if (base.scheme == "https" && next.scheme != "https") {
    return permission_denied("{}: an upload from https to {} is not continued", session_.reference().text(),
                             net::shown_url(next.text()));
  }
  location_ = std::move(next);
  return ok();
}

Status OciUpload::transfer(const UploadContent& content) {
  net::Backoff backoff = session_.client().backoff();
  while (!is_whole_) {
    const std::uint64_t before = offset_;
    const auto head = send_next(content);
    std::optional<Error> trouble;
    std::optional<Nanoseconds> asked;
    if (!head.is_ok()) {
      if (!net::is_transient(head.error())) return head.error();
      trouble = head.error();
    } else if (net::is_transient_status(head->status)) {
      trouble = net::status_error(*head, "PUT");
      asked = net::asked_delay(*head, session_.client().options().clock->unix_seconds());
    } else if (head->status == 404 || head->status == 416) {
      trouble = with_context(net::status_error(*head, "PUT"), "the registry lost the upload");
    } else if (!is_whole_ && offset_ == before) {
      return session_.explain(*head);
    }
    if (!trouble) {
      backoff.reset();
      continue;
    }
    if (session_.client().is_cancelled()) return *std::move(trouble);
    SIXFOLD_TRY_STATUS(backoff.wait(*trouble, asked));
    SIXFOLD_TRY_STATUS(find_offset());
  }
  return ok();
}

// One piece, or with the last byte (or all of a small blob) the end.
Result<net::ResponseHead> OciUpload::send_next(const UploadContent& content) {
  const std::uint64_t left = blob_.bytes - offset_;
  const bool is_last = left <= part_bytes_ && (offset_ == 0 || left == 0);
  const std::uint64_t bytes = std::min(left, part_bytes_);
  net::ClientRequest request{.method = is_last ? "PUT" : "PATCH",
                             .url = location_->text(),
                             .headers = {{"Content-Type", "application/octet-stream"}},
                             .reader = content(offset_, bytes)};
  if (is_last) {
    request.url += fmt::format("{}digest={}", location_->query.empty() ? "?" : "&", net::percent_encode(blob_.digest));
  } else {
    request.headers.push_back({"Content-Range", fmt::format("{}-{}", offset_, offset_ + bytes - 1)});
  }
  SIXFOLD_TRY(net::ResponseHead head, session_.send_once(request));
  if (is_last && head.status == 201) is_whole_ = true;
  if (!is_last && head.status == 202) {
    SIXFOLD_TRY_STATUS(adopt_location(head));
    offset_ += bytes;
  }
  return head;
}

// After a cut: perhaps the last answer was lost and all is there, perhaps some of it, perhaps nothing.
Status OciUpload::find_offset() {
  SIXFOLD_TRY(is_whole_, is_there());
  if (is_whole_) return ok();
  SIXFOLD_TRY(const net::TextResponse response, session_.send({.url = location_->text()}));
  const auto bytes = bytes_of_range(response.head.header("Range"));
  if (response.head.status == 204 && bytes && *bytes <= blob_.bytes) {
    offset_ = *bytes;
    return response.head.header("Location").empty() ? ok() : adopt_location(response.head);
  }
  SIXFOLD_TRY(const Begun begun, begin(""));
  is_whole_ = begun == Begun::kMounted;
  return ok();
}

// Nobody sees an upload without its end; this only saves the registry some room.
void OciUpload::drop() {
  net::HttpClientOptions http = session_.client().options();
  http.is_cancelled = {};  // also after Ctrl-C
  http.retry.attempts_max = 1;
  http.stall_timeout_ms = kDropTimeoutMs;
  OciSession quiet = session_.with(std::move(http));
  static_cast<void>(quiet.send({.method = "DELETE", .url = location_->text()}).is_ok());
}

}  // namespace sixfold::registry
