// Downloads from a real server on loopback, and everything that can go wrong on the way.
#include "registry/download.h"

#include <gtest/gtest.h>

#include "core/digest.h"
#include "file_server.h"
#include "temporary_folder.h"

namespace sixfold::registry {
namespace {

constexpr std::size_t kPart = 64 << 10;

struct DownloadFixture {
  explicit DownloadFixture(std::size_t bytes = 1'000'003) : content(sample_bytes(bytes)), server(content) {}

  DownloadOptions options() const {
    DownloadOptions made{.http = quick_http(), .connections = 3, .part_bytes_min = kPart, .part_bytes_max = 2 * kPart};
    return made;
  }
  Result<DownloadedFile> get(const RemoteFile& file) { return get(file, options()); }
  Result<DownloadedFile> get(const RemoteFile& file, const DownloadOptions& with) {
    return download(file, path, with, [this](std::uint64_t done, std::uint64_t) { reported = done; });
  }
  bool leaves_nothing() const { return std::filesystem::is_empty(folder.path()); }

  std::string content;
  FileServer server;
  TemporaryFolder folder;
  std::string path = folder.at("file");
  std::uint64_t reported = 0;
};

void expect_whole(DownloadFixture& fixture, const Result<DownloadedFile>& got) {
  ASSERT_TRUE(got.is_ok()) << got.error().message;
  EXPECT_EQ(got->bytes, fixture.content.size());
  EXPECT_EQ(got->sha256, sha256_hex(fixture.content));
  EXPECT_TRUE(read_all(fixture.path) == fixture.content);
  EXPECT_FALSE(std::filesystem::exists(fixture.path + ".json"));
}

TEST(Download, parts_on_several_connections_make_the_file) {
  DownloadFixture fixture;
  expect_whole(fixture, fixture.get(fixture.server.file()));
  EXPECT_GT(fixture.server.requests(), 5u);
  EXPECT_EQ(fixture.server.bytes_sent(), fixture.content.size());
  EXPECT_EQ(fixture.reported, fixture.content.size());
}

TEST(Download, a_small_file_is_one_request) {
  DownloadFixture fixture(1000);
  expect_whole(fixture, fixture.get(fixture.server.file()));
  EXPECT_EQ(fixture.server.requests(), 1u);
}

TEST(Download, sizes_around_a_part) {
  for (const std::size_t bytes : {std::size_t{1}, kPart - 1, kPart, kPart + 1, 2 * kPart, 3 * kPart + 1}) {
    DownloadFixture fixture(bytes);
    expect_whole(fixture, fixture.get(fixture.server.file()));
  }
}

TEST(Download, an_empty_file_needs_no_range) {
  DownloadFixture fixture(1);
  fixture.content.clear();
  fixture.server.fault = [](const net::HttpRequest& request, net::ResponseWriter& writer) {
    writer.send({.status = request.header("Range").empty() ? 200 : 416, .content_type = "x/y"});
    return true;
  };
  expect_whole(fixture, fixture.get(fixture.server.file()));
  RemoteFile known = fixture.server.file();
  known.bytes = 0;
  expect_whole(fixture, fixture.get(known));
}

TEST(Download, a_server_without_ranges_sends_the_whole) {
  for (const bool has_length : {true, false}) {
    DownloadFixture fixture;
    fixture.server.has_ranges = false;
    fixture.server.has_length = has_length;
    expect_whole(fixture, fixture.get(fixture.server.file()));
    EXPECT_EQ(fixture.server.requests(), 1u);
  }
}

TEST(Download, a_cut_at_nine_tenths_loses_no_byte) {
  DownloadFixture fixture;
  fixture.server.cut = [](std::size_t index, std::size_t bytes) { return index % 2 == 0 ? bytes * 9 / 10 : 0; };
  expect_whole(fixture, fixture.get(fixture.server.file()));
  EXPECT_EQ(fixture.server.bytes_sent(), fixture.content.size());
}

TEST(Download, a_cut_without_ranges_starts_again) {
  DownloadFixture fixture;
  fixture.server.has_ranges = false;
  fixture.server.cut = [](std::size_t index, std::size_t bytes) { return index == 0 ? bytes * 9 / 10 : 0; };
  expect_whole(fixture, fixture.get(fixture.server.file()));
  EXPECT_EQ(fixture.server.requests(), 2u);
}

TEST(Download, the_next_call_goes_on_where_a_broken_one_stopped) {
  DownloadFixture fixture;
  DownloadOptions once = fixture.options();
  once.http.retry.attempts_max = 1;
  fixture.server.cut = [](std::size_t index, std::size_t bytes) { return index >= 4 ? bytes / 2 : 0; };
  const auto broken = fixture.get(fixture.server.file(), once);
  ASSERT_FALSE(broken.is_ok());
  EXPECT_EQ(broken.error().code, ErrorCode::kUnavailable);
  const std::uint64_t sent_before = fixture.server.bytes_sent();
  EXPECT_GT(sent_before, 4 * kPart);
  fixture.server.cut = nullptr;
  expect_whole(fixture, fixture.get(fixture.server.file()));
  // What was on its way on another connection when one failed may be asked for again: less than a part for each.
  EXPECT_LT(fixture.server.bytes_sent(), fixture.content.size() + 3 * 2 * kPart);
}

TEST(Download, a_file_that_changed_between_two_calls_starts_again) {
  DownloadFixture fixture;
  DownloadOptions once = fixture.options();
  once.http.retry.attempts_max = 1;
  fixture.server.cut = [](std::size_t index, std::size_t bytes) { return index >= 4 ? bytes / 2 : 0; };
  ASSERT_FALSE(fixture.get(fixture.server.file(), once).is_ok());
  fixture.server.cut = nullptr;
  fixture.content = sample_bytes(fixture.content.size(), 99);
  fixture.server.set_content(fixture.content, "\"v2\"");
  expect_whole(fixture, fixture.get(fixture.server.file()));
}

TEST(Download, a_file_that_changes_meanwhile_is_not_mixed) {
  DownloadFixture fixture;
  std::atomic<int> count{0};
  const std::string other = sample_bytes(fixture.content.size(), 5);
  fixture.server.fault = [&](const net::HttpRequest&, net::ResponseWriter&) {
    if (++count == 4) fixture.server.set_content(other, "\"v2\"");
    return false;
  };
  const auto got = fixture.get(fixture.server.file());
  fixture.content = other;
  expect_whole(fixture, got);
}

TEST(Download, without_validator_or_hash_nothing_old_is_trusted) {
  DownloadFixture fixture;
  fixture.server.tag = "";
  DownloadOptions once = fixture.options();
  once.http.retry.attempts_max = 1;
  fixture.server.cut = [](std::size_t index, std::size_t bytes) { return index >= 4 ? bytes / 2 : 0; };
  ASSERT_FALSE(fixture.get(fixture.server.file(), once).is_ok());
  fixture.server.cut = nullptr;
  fixture.content = sample_bytes(fixture.content.size(), 7);
  fixture.server.set_content(fixture.content, "");
  expect_whole(fixture, fixture.get(fixture.server.file()));
}

TEST(Download, a_wrong_hash_leaves_nothing) {
  DownloadFixture fixture;
  RemoteFile file = fixture.server.file();
  file.sha256 = std::string(64, 'a');
  const auto got = fixture.get(file);
  ASSERT_FALSE(got.is_ok());
  EXPECT_EQ(got.error().code, ErrorCode::kCorruptData);
  EXPECT_EQ(got.error().message, "model.gguf: SHA-256: want " + file.sha256 + ", got " + sha256_hex(fixture.content));
  EXPECT_TRUE(fixture.leaves_nothing());
}

TEST(Download, hashes_and_sizes_that_fit_are_accepted_and_others_not) {
  DownloadFixture fixture(14);
  fixture.content = "hello, world!\n";
  fixture.server.set_content(fixture.content, "\"x\"");
  RemoteFile file = fixture.server.file();
  file.bytes = 14;
  file.sha256 = sha256_hex(fixture.content);
  file.git_sha1 = "270c611ee72c567bc1b2abec4cbc345bab9f15ba";  // git hash-object
  expect_whole(fixture, fixture.get(file));
  file.git_sha1[0] = '3';
  EXPECT_EQ(fixture.get(file).error().code, ErrorCode::kCorruptData);
  file.bytes = 13;
  const auto longer = fixture.get(file);
  EXPECT_EQ(longer.error().message, "model.gguf: want 13 bytes, the server has 14");
}

TEST(Download, a_renewed_request_answers_401_once) {
  DownloadFixture fixture(1000);
  fixture.server.fault = [](const net::HttpRequest& request, net::ResponseWriter& writer) {
    if (request.header("Authorization") == "Bearer fresh") return false;
    writer.send({.status = 401});
    return true;
  };
  RemoteFile file = fixture.server.file();
  const auto with_token = [url = fixture.server.url()](std::string token) {
    return net::ClientRequest{.url = url, .credentials = {{"Authorization", "Bearer " + token}}};
  };
  file.request = [&](bool is_renewed) -> Result<net::ClientRequest> {
    return with_token(is_renewed ? "fresh" : "old");
  };
  expect_whole(fixture, fixture.get(file));
  EXPECT_EQ(fixture.server.requests(), 2u);
  file.request = [&](bool) -> Result<net::ClientRequest> { return with_token("old"); };
  const auto refused = fixture.get(file);
  ASSERT_FALSE(refused.is_ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kUnauthenticated);
  EXPECT_EQ(fixture.server.requests(), 4u);
}

TEST(Download, waits_as_long_as_a_busy_server_asks) {
  DownloadFixture fixture(1000);
  std::atomic<int> left{2};
  fixture.server.fault = [&](const net::HttpRequest&, net::ResponseWriter& writer) {
    if (left-- <= 0) return false;
    writer.send({.status = 429, .headers = {{"Retry-After", "17"}}});
    return true;
  };
  std::vector<Nanoseconds> waits;
  DownloadOptions options = fixture.options();
  options.http.pause = [&](Nanoseconds delay) {
    waits.push_back(delay);
    return ok();
  };
  expect_whole(fixture, fixture.get(fixture.server.file(), options));
  EXPECT_EQ(waits, std::vector<Nanoseconds>(2, std::chrono::seconds(17)));
}

TEST(Download, refusals_are_final) {
  for (const auto& [status, code] : {std::pair{403, ErrorCode::kPermissionDenied}, {404, ErrorCode::kNotFound}}) {
    DownloadFixture fixture;
    fixture.server.fault = [status = status](const net::HttpRequest&, net::ResponseWriter& writer) {
      writer.send({.status = status});
      return true;
    };
    EXPECT_EQ(fixture.get(fixture.server.file()).error().code, code);
    EXPECT_EQ(fixture.server.requests(), 1u);
  }
}

TEST(Download, lies_about_ranges_are_refused) {
  for (const char* range : {"bytes 1-65535/1000003", "bytes 0-70000/1000003", "bytes 5-4/9", "bytes 0-9/5", "bytes */9",
                            "bytes 0-1/", "items 0-1/2", ""}) {
    DownloadFixture fixture;
    fixture.server.fault = [&](const net::HttpRequest&, net::ResponseWriter& writer) {
      net::HttpResponse response{.status = 206, .body = std::string(kPart, 'x')};
      if (*range != '\0') response.headers.push_back({"Content-Range", range});
      writer.send(std::move(response));
      return true;
    };
    const auto got = fixture.get(fixture.server.file());
    ASSERT_FALSE(got.is_ok()) << range;
    EXPECT_EQ(got.error().code, ErrorCode::kCorruptData) << range;
  }
}

TEST(Download, more_bytes_than_promised_are_refused) {
  DownloadFixture fixture;
  fixture.server.fault = [&](const net::HttpRequest&, net::ResponseWriter& writer) {
    writer.send({.status = 206, .headers = {{"Content-Range", "bytes 0-9/10"}}, .body = std::string(5000, 'x')});
    return true;
  };
  EXPECT_EQ(fixture.get(fixture.server.file()).error().code, ErrorCode::kCorruptData);
}

TEST(Download, cancelling_keeps_what_is_there) {
  DownloadFixture fixture;
  DownloadOptions options = fixture.options();
  options.http.is_cancelled = [&] { return fixture.server.requests() >= 4; };
  ASSERT_FALSE(fixture.get(fixture.server.file(), options).is_ok());
  EXPECT_TRUE(std::filesystem::exists(fixture.path + ".json"));
  expect_whole(fixture, fixture.get(fixture.server.file()));
}

TEST(Download, a_link_in_the_way_is_not_followed) {
  DownloadFixture fixture;
  const std::string victim = fixture.folder.at("victim");
  write_all(victim, "precious");
  std::filesystem::create_symlink(victim, fixture.path);
  EXPECT_FALSE(fixture.get(fixture.server.file()).is_ok());
  EXPECT_EQ(read_all(victim), "precious");
}

TEST(Download, a_local_file_is_copied) {
  DownloadFixture fixture;
  const std::string from = fixture.folder.at("from");
  write_all(from, fixture.content);
  RemoteFile file{.path = "x", .bytes = fixture.content.size(), .local_path = from};
  expect_whole(fixture, fixture.get(file));
}

TEST(ContentRange, reads_what_adds_up) {
  const auto range = parse_content_range("bytes 5-9/10");
  ASSERT_TRUE(range.has_value());
  EXPECT_EQ(range->first, 5u);
  EXPECT_EQ(range->last, 9u);
  EXPECT_EQ(range->total, 10u);
  for (const char* bad : {"", "bytes", "bytes 5-9/9", "bytes 9-5/10", "bytes -9/10", "bytes 5-/10", "bytes 5-9/*",
                          "bytes 5-9/10x", "bytes 5-99999999999999999999/10", "BYTES 5-9/10"}) {
    EXPECT_FALSE(parse_content_range(bad).has_value()) << bad;
  }
}

}  // namespace
}  // namespace sixfold::registry
