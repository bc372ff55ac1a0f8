// Notes beside unfinished downloads: kept when sound, never believed when not.
#include "registry/partial_file.h"

#include <gtest/gtest.h>

#include "temporary_folder.h"

namespace sixfold::registry {
namespace {

std::string note_with(const std::string& parts, int bytes = 100, int version = 1) {
  return "{\"version\":" + std::to_string(version) + ",\"bytes\":" + std::to_string(bytes) +
         ",\"validator\":\"\\\"e\\\"\",\"parts\":" + parts + "}";
}

struct PartialFixture {
  TemporaryFolder folder;
  std::string path = folder.at("file");
  PartialFile file = *PartialFile::open(path);
  PartialFixture() { EXPECT_TRUE(file.truncate(100).is_ok()); }

  std::optional<PartialState> read(const std::string& note) {
    write_all(path + ".json", note);
    return file.read_note();
  }
};

TEST(PartialFile, a_note_comes_back_as_it_was_written) {
  PartialFixture fixture;
  PartialState state{.bytes = 100, .validator = "\"tag\"", .parts = {}};
  state.parts.emplace_back(0, 40, 40);
  state.parts.emplace_back(40, 100, 7);
  ASSERT_TRUE(fixture.file.write_note(state).is_ok());
  const auto read = fixture.file.read_note();
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->bytes, 100u);
  EXPECT_EQ(read->validator, "\"tag\"");
  ASSERT_EQ(read->parts.size(), 2u);
  EXPECT_TRUE(read->parts[0].is_done());
  EXPECT_EQ(read->parts[1].begin, 40u);
  EXPECT_EQ(read->parts[1].end, 100u);
  EXPECT_EQ(read->parts[1].done.load(), 7u);
}

TEST(PartialFile, notes_that_do_not_add_up_are_ignored) {
  PartialFixture fixture;
  ASSERT_TRUE(fixture.read(note_with(R"([{"end":100,"done":5}])")).has_value());
  for (const std::string& note :
       {std::string(), std::string("{"), std::string("[]"), note_with("[]"), note_with("{}"), note_with("[1]"),
        note_with(R"([{"end":100}])"), note_with(R"([{"end":99,"done":0}])"), note_with(R"([{"end":101,"done":0}])"),
        note_with(R"([{"end":100,"done":101}])"), note_with(R"([{"end":100,"done":-1}])"),
        note_with(R"([{"end":50,"done":0},{"end":50,"done":0},{"end":100,"done":0}])"),
        note_with(R"([{"end":60,"done":0},{"end":50,"done":0}])"), note_with(R"([{"end":100,"done":5}])", 100, 2),
        note_with(R"([{"end":200,"done":5}])", 200)}) {
    EXPECT_FALSE(fixture.read(note).has_value()) << note;
  }
}

TEST(PartialFile, every_truncation_of_a_note_is_ignored) {
  PartialFixture fixture;
  const std::string note = note_with(R"([{"end":100,"done":5}])");
  for (std::size_t size = 0; size < note.size(); ++size) {
    EXPECT_FALSE(fixture.read(note.substr(0, size)).has_value()) << size;
  }
}

TEST(PartialFile, a_file_of_another_size_has_no_note) {
  PartialFixture fixture;
  ASSERT_TRUE(fixture.read(note_with(R"([{"end":100,"done":5}])")).has_value());
  ASSERT_TRUE(fixture.file.truncate(99).is_ok());
  EXPECT_FALSE(fixture.file.read_note().has_value());
}

}  // namespace
}  // namespace sixfold::registry
