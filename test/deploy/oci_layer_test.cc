// Layers: tar archives that readers understand, and whose bytes depend on nothing but their entries.
#include <gtest/gtest.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "../registry/temporary_folder.h"
#include "core/text_file.h"
#include "deploy/oci/layer.h"

namespace sixfold::deploy::oci {
namespace {

namespace fs = std::filesystem;
using registry::TemporaryFolder;
using registry::write_all;

constexpr std::size_t kBlock = 512;

struct Member {
  char kind = 0;
  unsigned mode = 0, owner = 0;
  std::uint64_t bytes = 0;
  std::string content = {};
  bool operator==(const Member&) const = default;
};

// A reader of its own: USTAR's fields and PAX' two records that are used here.
class TarReader {
 public:
  explicit TarReader(std::string_view tar) : tar_(tar) {}

  std::vector<std::pair<std::string, Member>> all(bool has_contents = true) {
    std::vector<std::pair<std::string, Member>> members;
    std::map<std::string, std::string> pax;
    while (at_ + kBlock <= tar_.size() && tar_[at_] != '\0') {
      const std::string_view header = tar_.substr(at_, kBlock);
      EXPECT_EQ(checksum(header), octal(header.substr(148, 8)));
      EXPECT_EQ(header.substr(257, 8), std::string_view("ustar\00000", 8));
      EXPECT_EQ(octal(header.substr(136, 12)), 0U) << "times are not of today";
      EXPECT_EQ(text(header.substr(265, 64)), "") << "no names of users";
      Member member{header[156], static_cast<unsigned>(octal(header.substr(100, 8))),
                    static_cast<unsigned>(octal(header.substr(108, 8))), octal(header.substr(124, 12))};
      std::string path = text(header.substr(0, 100));
      if (const std::string prefix = text(header.substr(345, 155)); !prefix.empty()) path = prefix + "/" + path;
      if (pax.contains("path")) path = pax["path"];
      if (pax.contains("size")) member.bytes = std::stoull(pax["size"]);
      at_ += kBlock;
      pax.clear();
      if (has_contents) {
        member.content = tar_.substr(at_, member.bytes);
        at_ += (member.bytes + kBlock - 1) / kBlock * kBlock;
      }
      if (member.kind == 'x') {
        EXPECT_LE(path.size(), 100U);
        pax = records(member.content);
      } else {
        members.emplace_back(path, std::move(member));
      }
    }
    EXPECT_EQ(tar_.substr(at_), std::string(2 * kBlock, '\0'));
    return members;
  }

 private:
  static std::string text(std::string_view field) { return std::string(field.substr(0, field.find('\0'))); }
  static std::uint64_t octal(std::string_view field) { return std::stoull(text(field), nullptr, 8); }
  static std::uint64_t checksum(std::string_view header) {
    std::uint64_t sum = 0;
    for (std::size_t at = 0; at < header.size(); ++at) {
      sum += at >= 148 && at < 156 ? ' ' : static_cast<unsigned char>(header[at]);
    }
    return sum;
  }
  static std::map<std::string, std::string> records(std::string_view text) {
    std::map<std::string, std::string> found;
    while (!text.empty()) {
      std::size_t digits = 0;
      const std::size_t size = std::stoull(std::string(text), &digits);
      EXPECT_EQ(text[size - 1], '\n');
      const std::string_view record = text.substr(digits + 1, size - digits - 2);
      found[std::string(record.substr(0, record.find('=')))] = record.substr(record.find('=') + 1);
      text.remove_prefix(size);
    }
    return found;
  }

  std::string_view tar_;
  std::size_t at_ = 0;
};

std::string inflate_all(std::string data) {
  z_stream stream{};
  EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
  std::string out(1u << 22, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(data.data());
  stream.avail_in = static_cast<uInt>(data.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

class LayerTest : public testing::Test {
 protected:
  BlobStore store() { return *BlobStore::open(folder_.at("store")); }
  std::string bytes_of(const Descriptor& blob) { return registry::read_all(store().path_of(blob.digest)); }

  TemporaryFolder folder_;
};

TEST_F(LayerTest, entries_are_sorted_with_their_folders_before_them) {
  write_all(folder_.at("f"), std::string(700, 'x'));
  const auto layer = write_layer(store(),
                                 {{.path = "usr/bin/b", .mode = 0755, .from = folder_.at("f")},
                                  {.path = "etc/passwd", .text = "root\n"},
                                  {.path = "tmp", .kind = LayerEntry::Kind::kFolder, .mode = 01777, .owner = 7}},
                                 Compression::kNone);
  ASSERT_TRUE(layer.is_ok()) << layer.error().message;
  EXPECT_EQ(layer->diff_id, layer->blob.digest);
  EXPECT_EQ(layer->blob.media_type, kTarType);
  const std::vector<std::pair<std::string, Member>> want = {
      {"etc/", {'5', 0755}},     {"etc/passwd", {'0', 0644, 0, 5, "root\n"}},
      {"tmp/", {'5', 01777, 7}}, {"usr/", {'5', 0755}},
      {"usr/bin/", {'5', 0755}}, {"usr/bin/b", {'0', 0755, 0, 700, std::string(700, 'x')}}};
  EXPECT_EQ(TarReader(bytes_of(layer->blob)).all(), want);
}

TEST_F(LayerTest, gzip_holds_the_same_tar_and_no_time) {
  const std::vector<LayerEntry> entries = {{.path = "a/b", .text = std::string(100'000, 'y')}};
  const auto plain = write_layer(store(), entries, Compression::kNone);
  const auto packed = write_layer(store(), entries, Compression::kGzip);
  ASSERT_TRUE(plain.is_ok() && packed.is_ok());
  EXPECT_EQ(packed->diff_id, plain->diff_id);
  EXPECT_EQ(packed->blob.media_type, kTarGzipType);
  const std::string bytes = bytes_of(packed->blob);
  EXPECT_EQ(inflate_all(bytes), bytes_of(plain->blob));
  EXPECT_EQ(bytes.substr(4, 4), std::string(4, '\0')) << "time";
  EXPECT_EQ(bytes[9], '\xff') << "system";
  EXPECT_EQ(bytes[3], '\0') << "no name";
}

TEST_F(LayerTest, paths_of_every_length_come_back) {
  std::vector<LayerEntry> entries;
  std::vector<std::string> want;
  for (const std::size_t length : {99, 100, 101, 155, 156, 157, 255, 256, 257, 400}) {
    for (const bool has_folders : {false, true}) {
      std::string path(length, has_folders ? 'a' : 'b');
      if (has_folders) {
        for (std::size_t at = 60; at + 1 < length; at += 60) path[at] = '/';
      }
      want.push_back(path);
      entries.push_back({.path = path, .text = "x"});
    }
  }
  const auto layer = write_layer(store(), entries, Compression::kNone);
  ASSERT_TRUE(layer.is_ok()) << layer.error().message;
  const std::string tar = bytes_of(layer->blob);
  std::vector<std::string> got;
  for (const auto& [path, member] : TarReader(tar).all()) {
    if (member.kind == '0') got.push_back(path);
  }
  std::sort(want.begin(), want.end());
  EXPECT_EQ(got, want);
}

TEST(TarWriter, sizes_beyond_eleven_octal_digits_have_a_record) {
  for (const std::uint64_t bytes : {(std::uint64_t{1} << 33) - 512, std::uint64_t{1} << 33, std::uint64_t{1} << 40}) {
    std::string tar;
    TarWriter writer([&](std::span<const std::byte> part) {
      tar.append(reinterpret_cast<const char*>(part.data()), part.size());
      return ok();
    });
    // Nobody writes the content here; the sizes are multiples of a block, so that nothing is filled up either.
    ASSERT_TRUE(writer.add_file("weights", 0644, {{}, nullptr, bytes}).is_ok());
    const bool is_large = bytes >= std::uint64_t{1} << 33;
    ASSERT_EQ(tar.size(), is_large ? 3 * kBlock : kBlock);
    EXPECT_EQ(tar.find(std::to_string(bytes)) != std::string::npos, is_large);
  }
}

TEST_F(LayerTest, a_file_may_be_cut_and_begin_otherwise) {
  write_all(folder_.at("f"), "HEADbody and what is left out");
  const auto layer = write_layer(store(), {{.path = "p", .text = "head", .from = folder_.at("f"), .bytes_of_file = 8}},
                                 Compression::kNone);
  ASSERT_TRUE(layer.is_ok());
  EXPECT_EQ(TarReader(bytes_of(layer->blob)).all().front().second.content, "headbody");
}

TEST_F(LayerTest, zeros_may_stand_for_a_part_of_a_file) {
  const std::string content = std::string(3u << 20, 'x');  // more than one read
  write_all(folder_.at("f"), content);
  for (const FileRange blank : {FileRange{0, 0}, FileRange{1, 5}, FileRange{(1u << 20) - 7, (1u << 20) + 30},
                                FileRange{content.size() - 1, 1}}) {
    std::string expected = content;
    std::fill_n(expected.begin() + static_cast<std::ptrdiff_t>(blank.offset), blank.bytes, '\0');
    const auto layer =
        write_layer(store(), {{.path = "p", .from = folder_.at("f"), .blank = blank}}, Compression::kNone);
    ASSERT_TRUE(layer.is_ok());
    EXPECT_TRUE(TarReader(bytes_of(layer->blob)).all().front().second.content == expected) << blank.offset;
  }
}

TEST_F(LayerTest, bad_paths_are_refused) {
  for (const char* path : {"", "/a", "a/", "a//b", "../a", "a/../b", "./a", "a/.wh.b"}) {
    const auto layer = write_layer(store(), {{.path = path}}, Compression::kNone);
    ASSERT_FALSE(layer.is_ok()) << path;
    EXPECT_EQ(layer.error().code, ErrorCode::kInvalidArgument) << path;
  }
  EXPECT_FALSE(write_layer(store(), {{.path = "a"}, {.path = "a"}}, Compression::kNone).is_ok());
  EXPECT_FALSE(write_layer(store(), {{.path = "a"}, {.path = "a/b"}}, Compression::kNone).is_ok());
}

TEST_F(LayerTest, what_fails_leaves_nothing) {
  EXPECT_EQ(write_layer(store(), {{.path = "a", .from = folder_.at("none")}}, Compression::kGzip).error().code,
            ErrorCode::kNotFound);
  write_all(folder_.at("f"), "content");
  const auto cut = write_layer(store(), {{.path = "a", .from = folder_.at("f")}}, Compression::kGzip,
                               {.is_cancelled = [] { return true; }});
  EXPECT_EQ(cut.error().code, ErrorCode::kUnavailable);
  EXPECT_TRUE(fs::is_empty(folder_.at("store/blobs/sha256")));
}

TEST_F(LayerTest, a_store_checks_what_it_gives) {
  const auto blob = store().add("{\"a\": 1}", "application/json");
  ASSERT_TRUE(blob.is_ok());
  EXPECT_TRUE(store().has(*blob));
  EXPECT_EQ(store().document(*blob)->at("a").as_int64(), 1);
  write_all(store().path_of(blob->digest), "{\"a\": 2}");
  EXPECT_EQ(store().text(*blob).error().code, ErrorCode::kCorruptData);
  write_all(store().path_of(blob->digest), "{}");
  EXPECT_FALSE(store().has(*blob)) << "another size";
  const auto other = store().add("other", "text/plain");
  ASSERT_TRUE(store().keep_only({*other}).is_ok());
  EXPECT_FALSE(fs::exists(store().path_of(blob->digest)));
  EXPECT_TRUE(store().has(*other));
}

}  // namespace
}  // namespace sixfold::deploy::oci
