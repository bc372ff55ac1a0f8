// The store and the shared cache: names, blobs, links, what goes with a name and what stays.
#include "registry/store.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "core/digest.h"
#include "core/error.h"
#include "file_server.h"
#include "registry/hub_cache.h"
#include "registry/pull.h"
#include "temporary_folder.h"

namespace sixfold::registry {
namespace {

struct StoreFixture {
  TemporaryFolder folder;
  Store store{folder.at("store")};
  PullOptions options;

  StoreFixture() {
    options.context.http = quick_http();
    options.context.environment = [this](const std::string& name) {
      return name == "HF_HUB_CACHE" ? folder.at("hub") : std::string();
    };
    options.part_bytes_min = 64 << 10;
  }
  // A model of one file with this content.
  Record add(const std::string& name, const std::string& content) {
    write_all(folder.at("in/" + name + ".gguf"), content);
    auto record = pull(store, "file:" + folder.at("in/" + name + ".gguf"), name, options);
    EXPECT_TRUE(record.is_ok()) << (record.is_ok() ? "" : record.error().message);
    return record.is_ok() ? *record : Record{};
  }
  std::string path_of(Record record) {
    record.folder = store.folder_of(record);
    return main_path(record);
  }
  std::size_t blobs() {
    std::size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(store.folder() + "/blobs")) ++count;
    return count;
  }
};

TEST(Store, a_pulled_file_is_found_by_name_and_kept_by_hash) {
  StoreFixture fixture;
  const Record record = fixture.add("one", "content");
  EXPECT_EQ(record.files.at(0).sha256, sha256_hex("content"));
  EXPECT_EQ(read_all(fixture.path_of(record)), "content");
  EXPECT_EQ(read_all(fixture.store.folder() + "/blobs/sha256-" + sha256_hex("content")), "content");
  const auto found = fixture.store.find_name("one");
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->source, record.source);
  EXPECT_FALSE(fixture.store.find_name("two").has_value());
  EXPECT_TRUE(std::filesystem::is_symlink(fixture.path_of(record)));
}

TEST(Store, contents_are_kept_once_and_go_with_the_last_name) {
  StoreFixture fixture;
  fixture.add("one", "same");
  fixture.add("two", "same");
  fixture.add("other", "different");
  EXPECT_EQ(fixture.blobs(), 2u);
  EXPECT_EQ(fixture.store.list().size(), 3u);
  EXPECT_EQ(fixture.store.remove_name("one")->bytes, 0u);
  EXPECT_EQ(fixture.blobs(), 2u);
  EXPECT_EQ(read_all(fixture.path_of(*fixture.store.find_name("two"))), "same");
  EXPECT_EQ(fixture.store.remove_name("two")->bytes, 4u);
  EXPECT_EQ(fixture.blobs(), 1u);
  EXPECT_EQ(fixture.store.remove_name("two").error().code, ErrorCode::kNotFound);
  EXPECT_TRUE(fixture.store.find_name("other").has_value());
}

TEST(Store, nothing_is_freed_while_something_is_added) {
  StoreFixture fixture;
  fixture.add("one", "content");
  {
    const auto adding = fixture.store.lock_for_adding({});
    ASSERT_TRUE(adding.is_ok());
    const auto removed = fixture.store.remove_name("one");
    ASSERT_TRUE(removed.is_ok());
    EXPECT_TRUE(removed->is_postponed);
    EXPECT_EQ(fixture.blobs(), 1u);
  }
  fixture.add("two", "more");
  EXPECT_EQ(fixture.store.remove_name("two")->bytes, 11u);
  EXPECT_EQ(fixture.blobs(), 0u);
}

TEST(Store, a_record_whose_files_are_gone_is_no_model) {
  StoreFixture fixture;
  const Record record = fixture.add("one", "content");
  std::filesystem::remove(fixture.store.folder() + "/blobs/sha256-" + sha256_hex("content"));
  EXPECT_FALSE(fixture.store.find_name("one").has_value());
  fixture.add("one", "content");
  EXPECT_TRUE(fixture.store.find_name("one").has_value());
}

TEST(Store, damaged_records_are_named_and_free_nothing) {
  StoreFixture fixture;
  fixture.add("one", "content");
  fixture.add("two", "more");
  write_all(fixture.store.folder() + "/names/bad.json", "{\"version\":1}");
  std::vector<Error> broken;
  EXPECT_EQ(fixture.store.list(&broken).size(), 2u);
  ASSERT_EQ(broken.size(), 1u);
  EXPECT_NE(broken[0].message.find("bad.json"), std::string::npos);
  EXPECT_TRUE(fixture.store.remove_name("one")->is_postponed);
  EXPECT_EQ(fixture.blobs(), 2u);
}

TEST(Store, names_with_slashes_and_long_names_are_files_of_the_folder) {
  StoreFixture fixture;
  for (const std::string& name :
       {std::string("hf:org/name:Q4"), std::string("../../escape"), std::string(500, 'x'), std::string("ünï")}) {
    Record record = fixture.add("base", "content");
    record.name = name;
    ASSERT_TRUE(fixture.store.add_name(record).is_ok()) << name;
    EXPECT_EQ(fixture.store.find_name(name)->name, name);
  }
  EXPECT_FALSE(std::filesystem::exists(fixture.folder.at("escape")));
  Record record = fixture.add("base", "content");
  for (const std::string& name : {std::string(), std::string("a\nb"), std::string(513, 'x'), std::string("\xFF")}) {
    record.name = name;
    EXPECT_FALSE(fixture.store.add_name(record).is_ok());
  }
}

TEST(Record, fields_of_the_wrong_kind_are_refused) {
  const Record record{.name = "n",
                      .source = "s",
                      .revision = "r",
                      .license = "MIT",
                      .pulled_at = 5,
                      .folder = "snapshots/x",
                      .is_ours = true,
                      .files = {{"a.gguf", 3, sha256_hex("abc")}}};
  const std::string text = to_json(record);
  ASSERT_TRUE(record_from_json(text, "x").is_ok());
  EXPECT_EQ(to_json(*record_from_json(text, "x")), text);
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  for (const std::string& bad :
       {with("\"version\":1", "\"version\":2"), with("\"n\"", "5"), with("snapshots/x", "../x"),
        with("snapshots/x", "/x"), with("a.gguf", "../a"), with("a.gguf", "/etc/passwd"),
        with(sha256_hex("abc"), "abc"), with("[{", "[5,{"), with("\"files\"", "\"other\"")}) {
    EXPECT_FALSE(record_from_json(bad, "x").is_ok()) << bad;
  }
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_FALSE(record_from_json(text.substr(0, size), "x").is_ok());
  }
}

TEST(Record, main_path_is_the_gguf_file_or_the_folder) {
  Record record{.name = "n", .source = {}, .revision = {}, .license = {}, .folder = "/f", .files = {}};
  record.files = {{"config.json", 1, ""}, {"model.safetensors", 1, ""}};
  EXPECT_EQ(main_path(record), "/f");
  record.files = {{"m-00002-of-00002.gguf", 1, ""}, {"m-00001-of-00002.gguf", 1, ""}};
  EXPECT_EQ(main_path(record), "/f/m-00001-of-00002.gguf");
  record.files = {{"blob", 1, ""}};
  EXPECT_EQ(main_path(record), "/f/blob");
}

TEST(Pull, an_address_is_downloaded_once_and_its_secret_forgotten) {
  StoreFixture fixture;
  FileServer server(sample_bytes(300'000));
  const std::string source = server.url() + "?sig=secret";
  const auto record = pull(fixture.store, source, "", fixture.options);
  ASSERT_TRUE(record.is_ok()) << record.error().message;
  EXPECT_EQ(record->name, server.url());
  EXPECT_EQ(to_json(*record).find("secret"), std::string::npos);
  EXPECT_TRUE(read_all(fixture.path_of(*record)) == sample_bytes(300'000));
  const std::size_t requests = server.requests();
  const std::string hash = sha256_hex(sample_bytes(300'000));
  ASSERT_TRUE(pull(fixture.store, server.url("/again.gguf") + "#sha256=" + hash, "again", fixture.options).is_ok());
  EXPECT_EQ(server.requests(), requests);  // the content was here
}

TEST(Pull, mistakes_in_an_address_are_told_before_anything_is_asked) {
  StoreFixture fixture;
  for (const char* source : {"https://h/", "https://h/a#md5=1", "https://h/a#sha256=1", "https:///x", "https://h/..",
                             "https://h/%2e%2e", "https://h/a%5Cb", "s9:x", "nothing", ""}) {
    const auto record = pull(fixture.store, source, "", fixture.options);
    ASSERT_FALSE(record.is_ok()) << source;
    EXPECT_TRUE(record.error().code == ErrorCode::kInvalidArgument || record.error().code == ErrorCode::kCorruptData)
        << record.error().message;
  }
  EXPECT_TRUE(fixture.store.list().empty());
}

TEST(Pull, offline_refuses) {
  StoreFixture fixture;
  fixture.options.context.is_offline = true;
  const auto record = pull(fixture.store, "https://127.0.0.1:1/model.gguf", "", fixture.options);
  EXPECT_EQ(record.error().code, ErrorCode::kUnavailable);
}

TEST(HubCache, folder_follows_the_environment) {
  const auto with = [](std::vector<std::pair<std::string, std::string>> set) {
    return hub_cache_folder([set = std::move(set)](const std::string& name) {
      for (const auto& [key, value] : set) {
        if (key == name) return value;
      }
      return std::string();
    });
  };
  EXPECT_EQ(with({{"HF_HUB_CACHE", "/a"}, {"HF_HOME", "/b"}}), "/a");
  EXPECT_EQ(with({{"HUGGINGFACE_HUB_CACHE", "/a"}, {"HF_HOME", "/b"}}), "/a");
  EXPECT_EQ(with({{"HF_HOME", "/b"}, {"HOME", "/c"}}), "/b/hub");
  EXPECT_EQ(with({{"XDG_CACHE_HOME", "/x"}, {"HOME", "/c"}}), "/x/huggingface/hub");
  EXPECT_EQ(with({{"HOME", "/c"}}), "/c/.cache/huggingface/hub");
  EXPECT_EQ(with({}), "");
}

void set_age(const std::string& path, std::int64_t unix_seconds) {
  const timespec when{.tv_sec = unix_seconds, .tv_nsec = 0};
  const timespec times[2] = {when, when};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
}

TEST(Store, forgets_downloads_that_nobody_goes_on_with) {
  TemporaryFolder folder;
  const Store store(folder.at("models"));
  const auto at = [&](const std::string& name) { return store.folder() + "/partial/" + name; };
  for (const char* name : {"old", "old.json", "old.lock", "new", "new.json", "done.lock"}) {
    write_all(at(name), "123");
    set_age(at(name), 1000);
  }
  set_age(at("new.json"), 3000);  // the note is written more often than the file
  const auto removed = store.remove_partials(2000);
  EXPECT_FALSE(removed.is_postponed);
  EXPECT_EQ(removed.bytes, 12u);
  for (const char* gone : {"old", "old.json", "old.lock", "done.lock"}) {
    EXPECT_FALSE(std::filesystem::exists(at(gone))) << gone;
  }
  EXPECT_TRUE(std::filesystem::exists(at("new")));
  EXPECT_TRUE(std::filesystem::exists(at("new.json")));
}

TEST(Store, leaves_downloads_alone_while_something_is_added) {
  TemporaryFolder folder;
  const Store store(folder.at("models"));
  EXPECT_EQ(store.remove_partials(2000).bytes, 0u);  // there is no store yet
  write_all(store.folder() + "/partial/old", "123");
  const auto adding = store.lock_for_adding({});
  ASSERT_TRUE(adding.is_ok());
  EXPECT_TRUE(store.remove_partials(std::numeric_limits<std::int64_t>::max()).is_postponed);
  EXPECT_TRUE(std::filesystem::exists(store.folder() + "/partial/old"));
}

}  // namespace
}  // namespace sixfold::registry
