// One request first, which tells size and abilities; then the rest in parts on several connections.
#include "registry/download.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "core/error.h"
#include "core/limits.h"
#include "registry/content_range.h"
#include "registry/copy_local.h"
#include "registry/partial_file.h"
#include "registry/verify.h"

namespace sixfold::registry {
namespace {

constexpr std::chrono::milliseconds kProgressPeriod{100};
constexpr std::chrono::seconds kNotePeriod{1};
constexpr int kRestartsMax = 2;
constexpr std::uint64_t kPartsPerConnection = 4;

// What an answer means for a part.
enum class Next {
  kData,      // it brought some, perhaps all
  kAskAgain,  // with other credentials, or for the whole file
  kWait,
};

// Of a request that was refused; another helps at most once until data comes.
struct Renewal {
  bool is_due = false;
  bool is_spent = false;
};

// The threads of one download share it.  run() is for the calling thread, the rest for the workers.
class Download {
 public:
  Download(const RemoteFile& file, PartialFile& target, const DownloadOptions& options,
           const DownloadProgress& progress)
      : file_(file), target_(target), options_(options), progress_(progress) {}

  // Everything is written, or an error.
  Status run();

 private:
  class Sink;

  Status attempt();
  void adopt_note();
  void plan();
  Status work(std::size_t connections);
  void work_on(std::size_t& next);
  Status fetch_part(net::HttpClient& client, Part& part);
  Result<net::ClientRequest> make_request(const Part& part, bool is_renewed);
  Result<Next> settle(const net::ResponseHead& head, Part& part, Renewal& renewal);

  Status learn(const net::ResponseHead& head, Part& part);
  Status learn_range(const net::ResponseHead& head, Part& part);
  Status learn_whole(const net::ResponseHead& head, Part& part);
  Status set_size(std::uint64_t bytes);
  Error restart();

  void report();
  void note();
  void fail(Error error);
  bool is_stopping() const { return is_stopping_.load(); }

  const RemoteFile& file_;
  PartialFile& target_;
  const DownloadOptions& options_;
  const DownloadProgress& progress_;

  std::mutex mutex_;  // guards what follows while workers run
  std::condition_variable changed_;
  PartialState state_;
  bool is_size_known_ = false;
  bool has_ranges_ = true;     // until the server shows otherwise
  bool must_restart_ = false;  // the file changed on the server
  std::size_t running_ = 0;    // workers
  std::optional<Error> failure_;
  std::atomic<bool> is_stopping_{false};
};

class Download::Sink final : public net::BodySink {
 public:
  Sink(Download& download, Part& part) : download_(download), part_(part) {}

  Status begin(const net::ResponseHead& head) override { return download_.learn(head, part_); }
  Status take(std::span<const std::byte> bytes) override {
    const std::uint64_t done = part_.done.load();
    if (bytes.size() > part_.end - part_.begin - done) {
      return corrupt_data("{}: the server sent more bytes than it said", download_.file_.path);
    }
    SIXFOLD_TRY_STATUS(download_.target_.write(part_.begin + done, bytes));
    part_.done += bytes.size();
    return ok();
  }

 private:
  Download& download_;
  Part& part_;
};

Status Download::run() {
  adopt_note();
  for (int restarts = 0;; ++restarts) {
    Status status = attempt();
    if (must_restart_ && restarts < kRestartsMax) {
      SIXFOLD_TRY_STATUS(target_.restart());
      state_ = {};
      is_size_known_ = false;
      has_ranges_ = true;
      must_restart_ = false;
      continue;
    }
    if (!status.is_ok()) note();
    return status;
  }
}

// Only what can be checked is gone on with: by the server (a validator) or by us (a hash).
void Download::adopt_note() {
  auto found = target_.read_note();
  const bool is_checkable = found && (!found->validator.empty() || !file_.sha256.empty() || !file_.git_sha1.empty());
  if (!is_checkable || (file_.bytes && *file_.bytes != found->bytes)) return;
  state_ = std::move(*found);
  is_size_known_ = true;
}

Status Download::attempt() {
  if (!is_size_known_) {
    if (file_.bytes == std::uint64_t{0}) return target_.truncate(0);
    state_.parts.clear();
    state_.parts.emplace_back(0, options_.part_bytes_min);
    Status first = work(1);
    if (is_size_known_ && has_ranges_ && !must_restart_ && state_.parts.back().end < state_.bytes) {
      state_.parts.emplace_back(state_.parts.back().end, state_.bytes);
    }
    if (!first.is_ok()) return first;
  }
  plan();
  return work(options_.connections);
}

// Splits what is left so that every connection has work until near the end.
void Download::plan() {
  std::uint64_t left = 0;
  for (const Part& part : state_.parts) left += part.end - part.begin - part.done;
  const std::uint64_t piece =
      std::clamp(left / (options_.connections * kPartsPerConnection), options_.part_bytes_min, options_.part_bytes_max);
  std::vector<Part> parts;
  for (const Part& part : state_.parts) {
    const std::uint64_t written_end = part.begin + part.done;
    if (part.done > 0) parts.emplace_back(part.begin, written_end, part.done.load());
    for (std::uint64_t at = written_end; at < part.end;) {
      const std::uint64_t end = part.end - at < 2 * piece ? part.end : at + piece;
      parts.emplace_back(at, end);
      at = end;
    }
  }
  state_.parts.swap(parts);
}

Status Download::work(std::size_t connections) {
  failure_.reset();
  is_stopping_ = false;
  std::size_t next = 0;
  const auto open_parts = static_cast<std::size_t>(
      std::count_if(state_.parts.begin(), state_.parts.end(), [](const Part& part) { return !part.is_done(); }));
  running_ = std::min(connections, open_parts);
  std::vector<std::thread> threads;
  for (std::size_t i = 0, count = running_; i < count; ++i) threads.emplace_back([&] { work_on(next); });
  auto noted = std::chrono::steady_clock::now();
  {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kProgressPeriod, [&] { return running_ == 0; })) {
      lock.unlock();
      report();
      if (std::chrono::steady_clock::now() - noted >= kNotePeriod) {
        note();
        noted = std::chrono::steady_clock::now();
      }
      lock.lock();
    }
  }
  for (std::thread& thread : threads) thread.join();
  report();
  return failure_ ? Status(*failure_) : ok();
}

void Download::work_on(std::size_t& next) {
  net::HttpClientOptions http = options_.http;
  http.is_cancelled = [this, outer = http.is_cancelled] { return is_stopping() || (outer && outer()); };
  net::HttpClient client(std::move(http));
  for (;;) {
    Part* part = nullptr;
    {
      const std::lock_guard lock(mutex_);
      while (next < state_.parts.size() && state_.parts[next].is_done()) ++next;
      if (next < state_.parts.size() && !is_stopping()) part = &state_.parts[next++];
    }
    if (part == nullptr) break;
    if (Status status = fetch_part(client, *part); !status.is_ok()) fail(std::move(status).error());
  }
  const std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

Status Download::fetch_part(net::HttpClient& client, Part& part) {
  net::Backoff backoff = client.backoff();
  Renewal renewal;
  for (;;) {
    const std::uint64_t before = part.done.load();
    SIXFOLD_TRY(const net::ClientRequest request, make_request(part, std::exchange(renewal.is_due, false)));
    Sink sink(*this, part);
    const auto head = client.send(request, sink);
    std::optional<Error> trouble;
    std::optional<Nanoseconds> asked;
    if (!head.is_ok()) {
      if (!net::is_transient(head.error())) return head.error();
      trouble = head.error();
    } else {
      SIXFOLD_TRY(const Next next, settle(*head, part, renewal));
      if (next == Next::kAskAgain) continue;
      if (next == Next::kWait) {
        trouble = net::status_error(*head);
        asked = net::asked_delay(*head, options_.http.clock->unix_seconds());
      } else if (part.is_done()) {
        return ok();
      } else if (part.done.load() == before) {
        trouble = unavailable("{}: the server sent nothing", file_.path);
      }
    }
    if (part.done.load() > before) {
      backoff.reset();
      renewal.is_spent = false;
    }
    if (trouble) SIXFOLD_TRY_STATUS(backoff.wait(*trouble, asked));
  }
}

Result<net::ClientRequest> Download::make_request(const Part& part, bool is_renewed) {
  const std::lock_guard lock(mutex_);
  SIXFOLD_TRY(net::ClientRequest request, file_.request(is_renewed));
  request.headers.push_back({"Accept-Encoding", "identity"});
  if (!has_ranges_) return request;
  request.headers.push_back({"Range", fmt::format("bytes={}-{}", part.begin + part.done, part.end - 1)});
  if (!state_.validator.empty()) request.headers.push_back({"If-Range", state_.validator});
  return request;
}

Result<Next> Download::settle(const net::ResponseHead& head, Part& part, Renewal& renewal) {
  const std::lock_guard lock(mutex_);
  if (head.status == 200 && !is_size_known_) {  // a stream without a length, now at its end
    part.end = part.begin + part.done;
    SIXFOLD_TRY_STATUS(set_size(part.end));
  }
  if (head.status == 200 || head.status == 206) return Next::kData;
  if (head.status == 416) {
    if (is_size_known_) return restart();
    if (std::exchange(has_ranges_, false)) return Next::kAskAgain;  // an empty file has no first byte
  }
  Refusal refusal = file_.read_refusal ? file_.read_refusal(head) : read_refusal(head);
  if (refusal.remedy == Remedy::kWait) return Next::kWait;
  if (refusal.remedy == Remedy::kOtherRequest && !std::exchange(renewal.is_spent, true)) {
    renewal.is_due = true;
    return Next::kAskAgain;
  }
  return with_context(refusal.error, file_.path);
}

Status Download::learn(const net::ResponseHead& head, Part& part) {
  const std::lock_guard lock(mutex_);
  if (head.status == 206) return learn_range(head, part);
  if (head.status == 200) return learn_whole(head, part);
  return unavailable("{}: want status 200 or 206, got {}", file_.path, head.status);
}

Status Download::learn_range(const net::ResponseHead& head, Part& part) {
  const auto range = parse_content_range(head.header("Content-Range"));
  if (!range || range->first != part.begin + part.done || range->last >= part.end) {
    return corrupt_data("{}: want bytes {} to {}, the server answers \"{}\"", file_.path, part.begin + part.done,
                        part.end - 1, head.header("Content-Range"));
  }
  const std::string_view validator = strong_validator(head);
  if (is_size_known_) {
    const bool is_same = range->total == state_.bytes &&
                         (state_.validator.empty() || validator.empty() || validator == state_.validator);
    return is_same ? ok() : Status(restart());
  }
  SIXFOLD_TRY_STATUS(set_size(range->total));
  state_.validator = validator;
  part.end = std::min(part.end, range->total);
  return ok();
}

// The server does not do ranges, or the file is no longer what If-Range asked for.
Status Download::learn_whole(const net::ResponseHead& head, Part& part) {
  if (is_size_known_ && has_ranges_) return restart();
  has_ranges_ = false;
  part.done = 0;
  const auto bytes = head.content_length();
  part.end = bytes.value_or(limits::kArtifactFileBytesMax);
  return bytes ? set_size(*bytes) : ok();
}

Status Download::set_size(std::uint64_t bytes) {
  if (file_.bytes && *file_.bytes != bytes) {
    return corrupt_data("{}: want {} bytes, the server has {}", file_.path, *file_.bytes, bytes);
  }
  if (bytes > limits::kArtifactFileBytesMax) {
    return resource_exhausted("{}: want at most {} bytes, got {}", file_.path, limits::kArtifactFileBytesMax, bytes);
  }
  state_.bytes = bytes;
  is_size_known_ = true;
  return target_.reserve(bytes);
}

Error Download::restart() {
  must_restart_ = true;
  return corrupt_data("{}: changed on the server while it was downloaded", file_.path);
}

void Download::report() {
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  {
    const std::lock_guard lock(mutex_);
    for (const Part& part : state_.parts) done += part.done.load();
    total = state_.bytes;
  }
  if (progress_) progress_(done, total);
}

// A note that cannot be written costs a later process some bytes, no more: the disk's own error will come from write.
void Download::note() {
  const std::lock_guard lock(mutex_);
  const bool is_sound = is_size_known_ && has_ranges_ && !must_restart_ && state_.parts.back().end == state_.bytes;
  if (is_sound) static_cast<void>(target_.write_note(state_).is_ok());
}

void Download::fail(Error error) {
  const std::lock_guard lock(mutex_);
  if (!failure_) failure_ = std::move(error);
  is_stopping_ = true;
}

}  // namespace

Result<DownloadedFile> download(const RemoteFile& file, const std::string& path, const DownloadOptions& options,
                                const DownloadProgress& progress) {
  SIXFOLD_TRY(PartialFile target, PartialFile::open(path));
  if (file.local_path.empty()) {
    SIXFOLD_TRY_STATUS(Download(file, target, options, progress).run());
  } else {
    SIXFOLD_TRY_STATUS(copy_local(file.local_path, target, options.http.is_cancelled, progress));
  }
  auto verified = verify(file, target, options.http.is_cancelled);
  if (!verified.is_ok()) {
    if (verified.error().code == ErrorCode::kCorruptData) target.remove();
    return std::move(verified).error();
  }
  SIXFOLD_TRY_STATUS(target.sync());
  target.remove_note();
  return DownloadedFile{verified->bytes, verified->sha256};
}

}  // namespace sixfold::registry
