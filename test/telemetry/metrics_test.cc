// The metrics page: names, values, and what must be there before anything happened.
#include "telemetry/metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>
#include <sstream>
#include <thread>
#include <vector>

namespace sixfold::telemetry {
namespace {

// A page in the text format 0.0.4, read strictly enough to notice what a scraper would refuse.
struct Page {
  std::map<std::string, double> samples;  // "name{labels}" as printed
  std::map<std::string, std::string> types;
  std::set<std::string> helps;

  explicit Page(const std::string& text) {
    EXPECT_FALSE(text.empty());
    EXPECT_EQ(text.back(), '\n');
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) read_line(line);
  }

  double at(const std::string& sample) const {
    const auto found = samples.find(sample);
    EXPECT_NE(found, samples.end()) << "no sample " << sample;
    return found == samples.end() ? std::nan("") : found->second;
  }
  bool has(const std::string& sample) const { return samples.count(sample) == 1; }

 private:
  void read_line(const std::string& line) {
    if (line.empty()) return;
    std::istringstream words(line);
    if (line[0] == '#') {
      std::string mark, kind, name, rest;
      words >> mark >> kind >> name;
      std::getline(words, rest);
      if (kind == "HELP") {
        EXPECT_TRUE(helps.insert(name).second) << "two HELP lines for " << name;
        EXPECT_GT(rest.size(), 1u) << name;
      } else if (kind == "TYPE") {
        EXPECT_TRUE(types.emplace(name, rest.substr(1)).second) << "two TYPE lines for " << name;
      }
      return;
    }
    const std::size_t blank = line.rfind(' ');
    ASSERT_NE(blank, std::string::npos) << line;
    const std::string sample = line.substr(0, blank);
    EXPECT_TRUE(samples.emplace(sample, std::strtod(line.c_str() + blank, nullptr)).second) << "twice: " << sample;
    std::string name = sample.substr(0, sample.find('{'));
    for (const char* suffix : {"_bucket", "_sum", "_count"}) {
      const std::size_t at = name.rfind(suffix);
      if (at != std::string::npos && types.count(name.substr(0, at)) == 1) name.resize(at);
    }
    EXPECT_EQ(types.count(name), 1u) << sample << " stands before its TYPE";
    EXPECT_EQ(helps.count(name), 1u) << sample << " has no HELP";
  }
};

TEST(Metrics, counters_of_known_reasons_start_at_zero) {
  const Page page(Metrics("tiny").render());
  for (const char* reason : {"stop", "length", "cancel", "error"}) {
    EXPECT_EQ(page.at(std::string(R"(sixfold_requests_finished_total{model="tiny",reason=")") + reason + "\"}"), 0);
  }
  EXPECT_EQ(page.at(R"(sixfold_requests_rejected_total{model="tiny",reason="queue_full"})"), 0);
  EXPECT_EQ(page.at(R"(sixfold_generated_tokens_total{model="tiny"})"), 0);
  EXPECT_EQ(page.at(R"(vllm:request_success_total{model_name="tiny",finished_reason="abort"})"), 0);
}

TEST(Metrics, events_are_counted_under_both_names) {
  Metrics metrics("tiny");
  metrics.request_queued(0.3);
  metrics.first_token(1.2, 0.9);
  metrics.token_interval(0.04);
  metrics.token_interval(0.06);
  metrics.prompt_tokens(11);
  metrics.generated_tokens(3);
  metrics.prefix_lookup(11, 8);
  metrics.drafted_tokens(7, 4);
  metrics.drafted_tokens(4, 0);
  metrics.engine_step(0.003, 4);
  metrics.request_rejected("queue_full");
  metrics.request_finished("cancel", 2.25, 1.05, 11, 3);
  const Page page(metrics.render());
  EXPECT_EQ(page.at(R"(sixfold_prompt_tokens_total{model="tiny"})"), 11);
  EXPECT_EQ(page.at(R"(vllm:prompt_tokens_total{model_name="tiny"})"), 11);
  EXPECT_EQ(page.at(R"(vllm:generation_tokens_total{model_name="tiny"})"), 3);
  EXPECT_EQ(page.at(R"(vllm:prefix_cache_queries_total{model_name="tiny"})"), 11);
  EXPECT_EQ(page.at(R"(vllm:prefix_cache_hits_total{model_name="tiny"})"), 8);
  EXPECT_EQ(page.at(R"(sixfold_drafts_total{model="tiny"})"), 2);
  EXPECT_EQ(page.at(R"(vllm:spec_decode_num_drafts_total{model_name="tiny"})"), 2);
  EXPECT_EQ(page.at(R"(vllm:spec_decode_num_draft_tokens_total{model_name="tiny"})"), 11);
  EXPECT_EQ(page.at(R"(vllm:spec_decode_num_accepted_tokens_total{model_name="tiny"})"), 4);
  EXPECT_EQ(page.at(R"(sixfold_requests_finished_total{model="tiny",reason="cancel"})"), 1);
  EXPECT_EQ(page.at(R"(vllm:request_success_total{model_name="tiny",finished_reason="abort"})"), 1);
  EXPECT_EQ(page.at(R"(sixfold_requests_rejected_total{model="tiny",reason="queue_full"})"), 1);
  EXPECT_EQ(page.at(R"(sixfold_time_to_first_token_seconds_bucket{model="tiny",le="1"})"), 0);
  EXPECT_EQ(page.at(R"(sixfold_time_to_first_token_seconds_bucket{model="tiny",le="2"})"), 1);
  EXPECT_EQ(page.at(R"(vllm:time_to_first_token_seconds_bucket{model_name="tiny",le="2.5"})"), 1);
  EXPECT_DOUBLE_EQ(page.at(R"(vllm:inter_token_latency_seconds_sum{model_name="tiny"})"), 0.1);
  EXPECT_EQ(page.at(R"(sixfold_inter_token_seconds_count{model="tiny"})"), 2);
  EXPECT_DOUBLE_EQ(page.at(R"(vllm:e2e_request_latency_seconds_sum{model_name="tiny"})"), 2.25);
  EXPECT_DOUBLE_EQ(page.at(R"(vllm:request_queue_time_seconds_sum{model_name="tiny"})"), 0.3);
  EXPECT_DOUBLE_EQ(page.at(R"(vllm:request_prefill_time_seconds_sum{model_name="tiny"})"), 0.9);
  EXPECT_DOUBLE_EQ(page.at(R"(vllm:request_decode_time_seconds_sum{model_name="tiny"})"), 1.05);
  EXPECT_EQ(page.at(R"(vllm:request_prompt_tokens_sum{model_name="tiny"})"), 11);
  EXPECT_EQ(page.at(R"(vllm:request_generation_tokens_sum{model_name="tiny"})"), 3);
  EXPECT_EQ(page.at(R"(sixfold_engine_step_rows_sum{model="tiny"})"), 4);
}

TEST(Metrics, gauges_are_read_when_the_page_is_made) {
  Metrics metrics("tiny");
  EngineGauges gauges;
  gauges.requests_waiting = 3;
  gauges.requests_running = 2;
  gauges.kv_pages_used = 25;
  gauges.kv_pages_cached = 15;
  gauges.kv_pages_total = 100;
  gauges.kv_page_tokens = 16;
  metrics.set_engine_gauges([&gauges] { return gauges; });
  metrics.set_http_connections([] { return std::uint64_t{7}; });
  metrics.set_build_info("1.2.3", "avx2");
  const Page page(metrics.render());
  EXPECT_EQ(page.at(R"(sixfold_requests_waiting{model="tiny"})"), 3);
  EXPECT_EQ(page.at(R"(vllm:num_requests_waiting{model_name="tiny"})"), 3);
  EXPECT_EQ(page.at(R"(vllm:num_requests_running{model_name="tiny"})"), 2);
  EXPECT_EQ(page.at(R"(sixfold_kv_pages{model="tiny",state="free"})"), 60);
  EXPECT_EQ(page.at(R"(sixfold_kv_usage_ratio{model="tiny"})"), 0.25);
  EXPECT_EQ(page.at(R"(vllm:kv_cache_usage_perc{model_name="tiny"})"), 0.25);
  EXPECT_EQ(page.at(R"(vllm:cache_config_info{block_size="16",model_name="tiny",num_gpu_blocks="100"})"), 1);
  EXPECT_EQ(page.at("sixfold_http_connections"), 7);
  EXPECT_EQ(page.at(R"(sixfold_build_info{isa="avx2",version="1.2.3"})"), 1);
  gauges.requests_waiting = 4;
  EXPECT_EQ(Page(metrics.render()).at(R"(sixfold_requests_waiting{model="tiny"})"), 4);
}

TEST(Metrics, clients_cannot_add_series_with_methods_or_names) {
  Metrics metrics("m\"o\nd\\el\xff");
  metrics.http_finished("GET", "/v1/models/{model}", 200, 0.01);
  metrics.http_finished("BREW", "", 404, 0.01);
  metrics.http_finished("SPY", "", 404, std::nan(""));
  metrics.http_finished("GET", "", -7, -1);
  const Page page(metrics.render());
  EXPECT_EQ(page.at(R"(sixfold_http_requests_total{method="GET",route="/v1/models/{model}",status="200"})"), 1);
  EXPECT_EQ(page.at(R"(sixfold_http_requests_total{method="other",route="unmatched",status="404"})"), 2);
  EXPECT_EQ(page.at(R"(sixfold_http_requests_total{method="GET",route="unmatched",status="other"})"), 1);
  EXPECT_EQ(page.at(R"(sixfold_http_request_duration_seconds_count{route="unmatched"})"), 3);
  EXPECT_DOUBLE_EQ(page.at(R"(sixfold_http_request_duration_seconds_sum{route="unmatched"})"), 0.01);
  EXPECT_EQ(page.at(R"(sixfold_prompt_tokens_total{model="m\"o_d\\el_"})"), 0);
}

TEST(Metrics, process_values_are_there) {
  const Page page(Metrics("tiny").render());
  EXPECT_GT(page.at("process_resident_memory_bytes"), 1e5);
  EXPECT_GT(page.at("process_open_fds"), 2);
  EXPECT_GE(page.at("process_threads"), 1);
  EXPECT_GT(page.at("process_start_time_seconds"), 1e9);
  EXPECT_TRUE(page.has("process_cpu_seconds_total"));
  EXPECT_EQ(page.types.at("process_cpu_seconds_total"), "counter");
}

TEST(Metrics, threads_may_count_while_pages_are_made) {
  Metrics metrics("tiny");
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int event = 0; event < 200; ++event) {
        metrics.generated_tokens(1);
        metrics.http_finished("GET", "/health", 200, 0.001);
        metrics.request_finished("stop", 1, 1, 1, 1);
      }
    });
  }
  for (int scrape = 0; scrape < 5; ++scrape) Page page(metrics.render());
  for (std::thread& thread : threads) thread.join();
  const Page page(metrics.render());
  EXPECT_EQ(page.at(R"(sixfold_generated_tokens_total{model="tiny"})"), 800);
  EXPECT_EQ(page.at(R"(sixfold_requests_finished_total{model="tiny",reason="stop"})"), 800);
  EXPECT_EQ(page.at(R"(sixfold_http_requests_total{method="GET",route="/health",status="200"})"), 800);
}

}  // namespace
}  // namespace sixfold::telemetry
