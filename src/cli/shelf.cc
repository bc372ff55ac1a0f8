// One thread for each download or removal, and few at a time.
#include "cli/shelf.h"

#include <atomic>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

#include "core/digest.h"
#include "core/error.h"
#include "core/log.h"
#include "core/thread_annotations.h"
#include "core/version.h"
#include "registry/catalogue.h"
#include "registry/ollama_name.h"
#include "registry/source_list.h"
#include "registry/store.h"

namespace sixfold::cli {
namespace {

constexpr std::size_t kJobsMax = 4;

class StoreShelf final : public service::ModelShelf {
 public:
  StoreShelf(registry::Store store, FetchFlags flags) : store_(std::move(store)), flags_(flags) {}

  std::vector<service::ShelvedModel> list() const override {
    std::vector<service::ShelvedModel> models;
    for (const registry::Record& record : store_.list()) {
      const bool has_hash = record.files.size() == 1 && !record.files.front().sha256.empty();
      models.push_back({.name = record.name,
                        .source = record.source,
                        .digest = has_hash ? sha256_digest(record.files.front().sha256) : std::string(),
                        .bytes = record.bytes(),
                        .pulled_at = record.pulled_at});
    }
    return models;
  }

  Status pull(PullRequest request) override {
    SIXFOLD_TRY(std::string source, source_for_client(request.name));
    return start([this, source = std::move(source), request = std::move(request)](const std::stop_token& stop) {
      request.done(run_pull(source, request, stop));
    });
  }

  Status remove(std::string name, std::function<void(Status)> done) override {
    return start([this, name = std::move(name), done = std::move(done)](const std::stop_token&) {
      const auto removed = store_.remove_name(name);
      if (removed) spdlog::info("removed the model \"{}\", as a client asked", name);
      done(removed ? ok() : Status(removed.error()));
    });
  }

 private:
  struct Job {
    std::atomic<bool> is_done{false};
    std::jthread thread;  // last: ends before what it uses
  };

  Status start(std::function<void(const std::stop_token&)> work) {
    const std::lock_guard lock(mutex_);
    jobs_.remove_if([](const Job& job) { return job.is_done.load(); });
    if (jobs_.size() >= kJobsMax) return unavailable("{} models are being downloaded or removed already", kJobsMax);
    Job& job = jobs_.emplace_back();
    job.thread = std::jthread([&job, work = std::move(work)](const std::stop_token& stop) {
      work(stop);
      job.is_done = true;
    });
    return ok();
  }

  // stop: the server's end; the request has its own, the client's.
  Status run_pull(const std::string& source, const PullRequest& request, const std::stop_token& stop) {
    registry::PullOptions options;
    options.connections = flags_.connections;
    options.context.is_offline = flags_.is_offline;
    options.context.note = [](const std::string& text) { spdlog::info("pull: {}", text); };
    options.context.http.user_agent = "sixfold/" + std::string(version());
    options.context.http.is_cancelled = [&] { return stop.stop_requested() || request.stop.stop_requested(); };
    options.progress = [&](const registry::PullProgress& progress) {
      const std::string hash(progress.file_sha256);
      request.progress({.file = std::string(progress.file),
                        .digest = hash.empty() ? hash : sha256_digest(hash),
                        .done = progress.file_done,
                        .total = progress.file_total});
    };
    registry::Store store = store_;
    const auto record = registry::pull(store, source, request.name, options);
    if (!record) return record.error();
    spdlog::info("pulled the model \"{}\" from {}, as a client asked", record->name, record->source);
    return ok();
  }

  // Constant after construction.
  const registry::Store store_;
  const FetchFlags flags_;

  std::mutex mutex_;
  std::list<Job> jobs_ SIXFOLD_GUARDED_BY(mutex_);  // finished ones until the next begins
};

}  // namespace

Result<std::string> source_for_client(const std::string& name) {
  if (registry::find_in_catalogue(name) != nullptr || name.starts_with("hf:")) return name;
  for (const std::string_view page : {"https://hf.co/", "https://huggingface.co/", "hf.co/", "huggingface.co/"}) {
    if (name.starts_with(page)) return "hf:" + name.substr(page.size());
  }
  constexpr std::string_view kOllama = "ollama:";
  const bool has_scheme = name.starts_with(kOllama);
  if (!has_scheme && (registry::find_source(name) != nullptr || name.find("://") != std::string::npos)) {
    return permission_denied(
        "the model \"{}\": clients may pull names of the catalogue, hf: and ollama's registry; not from other servers",
        name);
  }
  std::string rest = has_scheme ? name.substr(kOllama.size()) : name;
  SIXFOLD_TRY(const registry::OllamaName parsed, registry::parse_ollama_name(rest));
  if (parsed.host != registry::OllamaName().host) {
    return permission_denied("the model \"{}\": clients may pull from {} only, not from {}", name,
                             registry::OllamaName().host, parsed.host);
  }
  return std::string(kOllama) + rest;
}

Result<std::unique_ptr<service::ModelShelf>> open_shelf(const FetchFlags& flags) {
  SIXFOLD_TRY(registry::Store store, registry::Store::open(registry::process_environment));
  return std::unique_ptr<service::ModelShelf>(std::make_unique<StoreShelf>(std::move(store), flags));
}

}  // namespace sixfold::cli
