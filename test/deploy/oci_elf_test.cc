// What the loader would read of programs: of this one, of made ones, and of damaged ones.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "../registry/temporary_folder.h"
#include "deploy/container/recipe.h"
#include "deploy/oci/elf_file.h"
#include "deploy/oci/program_files.h"
#include "deploy/oci/system_root.h"
#include "made_elf.h"

namespace sixfold::deploy::oci {
namespace {

namespace fs = std::filesystem;
using registry::TemporaryFolder;
using registry::write_all;

std::string own_architecture() {
  return std::string(container::own_platform().substr(std::string_view("linux/").size()));
}

Result<ElfFile> parse(const std::string& bytes) {
  return parse_elf({bytes.size(),
                    [&](std::uint64_t offset, std::span<std::byte> into) -> Status {
                      EXPECT_LE(offset, bytes.size());
                      EXPECT_LE(into.size(), bytes.size() - offset);
                      if (!into.empty()) std::memcpy(into.data(), bytes.data() + offset, into.size());
                      return ok();
                    }},
                   "file");
}

TEST(ElfFile, tells_what_a_program_needs) {
  const std::string bytes = make_elf({.needed = {"libm.so.6", "libc.so.6"}, .run_path = "$ORIGIN/../lib:/opt/lib"});
  const auto file = parse(bytes);
  ASSERT_TRUE(file.is_ok()) << file.error().message;
  EXPECT_EQ(file->architecture, "amd64");
  EXPECT_EQ(file->interpreter, "/lib64/loader");
  EXPECT_EQ(file->needed, (std::vector<std::string>{"libm.so.6", "libc.so.6"}));
  EXPECT_EQ(file->run_paths, (std::vector<std::string>{"$ORIGIN/../lib", "/opt/lib"}));
  EXPECT_EQ(bytes.substr(file->loaded_bytes), "names for debuggers");
  EXPECT_EQ(parse(make_elf({.machine = 183}))->architecture, "arm64");
}

TEST(ElfFile, the_header_for_a_cut_file_has_no_sections) {
  const auto file = parse(make_elf({.needed = {"libc.so.6"}}));
  ASSERT_EQ(file->header.size(), 64U);
  EXPECT_EQ(file->header.substr(40, 8), std::string(8, '\0'));
  EXPECT_EQ(file->header.substr(60, 4), std::string(4, '\0'));
  std::string cut = make_elf({.needed = {"libc.so.6"}}).substr(0, file->loaded_bytes);
  cut.replace(0, 64, file->header);
  EXPECT_EQ(parse(cut)->needed, file->needed);
}

// A program whose last loaded bytes are a section of that name, and its table behind what is loaded.
std::string with_section(std::string bytes, const std::string& name, const std::string& content) {
  const std::uint64_t content_at = bytes.size();
  bytes += content;
  put_in<std::uint64_t>(bytes, 64 + 32, bytes.size());  // the first segment reaches to here
  const std::uint64_t names_at = bytes.size();
  bytes += '\0' + name + '\0';
  const std::uint64_t names_bytes = bytes.size() - names_at, table_at = bytes.size();
  bytes += std::string(3 * 64, '\0');
  const auto row = [&](std::size_t index, std::uint32_t name_at, std::uint64_t offset, std::uint64_t size) {
    const std::size_t at = table_at + index * 64;
    put_in<std::uint32_t>(bytes, at, name_at);
    put_in<std::uint32_t>(bytes, at + 4, 1);
    put_in(bytes, at + 24, offset);
    put_in(bytes, at + 32, size);
  };
  row(1, 1, content_at, content.size());
  row(2, 0, names_at, names_bytes);
  put_in<std::uint64_t>(bytes, 40, table_at);
  put_in<std::uint16_t>(bytes, 58, 64);
  put_in<std::uint16_t>(bytes, 60, 3);
  put_in<std::uint16_t>(bytes, 62, 2);
  return bytes;
}

TEST(ElfFile, the_builtin_model_is_found_by_its_section) {
  const std::string plain = make_elf({});
  const auto with = parse(with_section(plain, ".sixfold.model", "GGUF and so on"));
  ASSERT_TRUE(with.is_ok()) << with.error().message;
  EXPECT_EQ(with->model.offset, plain.size());
  EXPECT_EQ(with->model.bytes, std::string("GGUF and so on").size());
  EXPECT_EQ(parse(with_section(plain, ".rodata", "GGUF"))->model.bytes, 0U);
  EXPECT_EQ(parse(plain)->model.bytes, 0U);
  EXPECT_EQ(read_elf(*registry::UploadFile::open("/proc/self/exe"))->model.bytes % 64, 1U) << "with its last zero";
}

TEST(ElfFile, a_damaged_table_of_sections_is_none) {
  const std::string whole = with_section(make_elf({}), ".sixfold.model", "GGUF");
  const std::size_t table = whole.size() - 3 * 64;
  for (const std::size_t at : {std::size_t{40}, std::size_t{58}, std::size_t{60}, std::size_t{62}, table + 64,
                               table + 64 + 24, table + 64 + 32, table + 128 + 24, table + 128 + 32}) {
    std::string damaged = whole;
    put_in<std::uint16_t>(damaged, at, 0xfff0);
    const auto file = parse(damaged);
    ASSERT_TRUE(file.is_ok()) << file.error().message;
    EXPECT_EQ(file->model.bytes, 0U) << at;
  }
}

TEST(ElfFile, every_truncation_is_an_error_or_whole) {
  const std::string whole = make_elf({.needed = {"libc.so.6"}, .run_path = "/opt"});
  const std::uint64_t loaded = parse(whole)->loaded_bytes;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(parse(whole.substr(0, length)).is_ok(), length >= loaded) << length;
  }
}

TEST(ElfFile, every_byte_may_be_anything) {
  const std::string whole = make_elf({.needed = {"libc.so.6"}, .run_path = "/opt"});
  for (std::size_t at = 0; at < whole.size(); ++at) {
    for (const char value : {'\x00', '\x7f', '\x80', '\xff'}) {
      std::string bytes = whole;
      bytes[at] = value;
      static_cast<void>(parse(bytes).is_ok());  // reads stay within the file: parse() checks
    }
  }
}

TEST(ElfFile, other_files_are_refused) {
  EXPECT_EQ(parse("#!/bin/sh\n").error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(parse(make_elf({.machine = 243})).error().code, ErrorCode::kInvalidArgument);  // RISC-V
  EXPECT_EQ(parse(make_elf({.needed = {"../../etc/x"}})).error().code, ErrorCode::kCorruptData);
  EXPECT_EQ(parse(make_elf({.loader = "relative"})).error().code, ErrorCode::kCorruptData);
}

TEST(ProgramFiles, this_program_has_all_its_libraries) {
  const auto place = find_program("/proc/self/exe");
  ASSERT_TRUE(place.is_ok());
  const auto files = collect_program(*place, own_architecture());
  ASSERT_TRUE(files.is_ok()) << files.error().message;
  const auto has = [&](std::string_view name) {
    return std::any_of(files->libraries.begin(), files->libraries.end(),
                       [&](const ProgramFile& file) { return file.path.ends_with(name); });
  };
  EXPECT_TRUE(has("/libstdc++.so.6"));
  EXPECT_TRUE(has("/libc.so.6"));
  const std::string loader = files->program.interpreter.substr(1);
  EXPECT_TRUE(has(loader));
  for (const ProgramFile& file : files->libraries) {
    EXPECT_TRUE(fs::exists(file.from)) << file.from;
    if (file.path != loader) {
      EXPECT_EQ(fs::path(file.path).filename(), fs::path(file.from).filename());
    }
  }
}

class Root : public testing::Test {
 protected:
  void add(const std::string& path, const MadeElf& made) { write_all(root_.at(path), make_elf(made)); }
  Result<ProgramFiles> collect(std::string_view architecture = "arm64") {
    const auto place = find_program(root_.path());
    if (!place.is_ok()) return place.error();
    return collect_program(*place, architecture);
  }

  TemporaryFolder root_;
};

TEST_F(Root, libraries_are_found_as_its_loader_would) {
  add("usr/bin/sixfold", {183, "/lib/ld.so", {"libb.so", "liba.so"}, "elsewhere:$ORIGIN/../own"});
  add("usr/own/liba.so", {183, "", {"libc.so.6"}});
  add("usr/lib/liba.so", {183, "", {"libnever.so"}});  // the run path comes first
  add("lib64/libb.so", {62});                          // of another machine: passed over
  add("usr/lib/libb.so", {183, "", {"liba.so"}});
  add("lib/aarch64-linux-gnu/libc.so.6", {183, ""});
  add("lib/ld.so", {183, ""});
  const auto files = collect();
  ASSERT_TRUE(files.is_ok()) << files.error().message;
  std::vector<std::pair<std::string, std::string>> got;
  for (const ProgramFile& file : files->libraries) {
    got.emplace_back(file.path, fs::path(file.from).lexically_normal().lexically_relative(root_.path()).string());
  }
  const std::vector<std::pair<std::string, std::string>> want = {
      {"lib/aarch64-linux-gnu/liba.so", "usr/own/liba.so"},
      {"lib/aarch64-linux-gnu/libb.so", "usr/lib/libb.so"},
      {"lib/aarch64-linux-gnu/libc.so.6", "lib/aarch64-linux-gnu/libc.so.6"},
      {"lib/ld.so", "lib/ld.so"}};
  EXPECT_EQ(got, want);
}

// Debian's /lib64/ld-linux-x86-64.so.2 is such a link; this machine has a file of that name too.
TEST_F(Root, links_lead_to_files_of_the_same_system) {
  add("opt/sixfold", {183, "/lib64/ld.so", {"liba.so"}, "$ORIGIN/own"});
  fs::create_directories(root_.at("usr/bin"));
  fs::create_directories(root_.at("lib64"));
  fs::create_symlink("/opt/sixfold", root_.at("usr/bin/sixfold"));
  add("opt/own/liba.so", {183, "", {"libc.so.6"}});
  add("usr/lib/aarch64-linux-gnu/libc-2.so", {183, ""});
  fs::create_symlink("/usr/lib/aarch64-linux-gnu/libc-2.so", root_.at("usr/lib/aarch64-linux-gnu/libc.so.6"));
  TemporaryFolder outside;
  write_all(outside.at("ld.so"), make_elf({183, ""}));
  fs::create_symlink(outside.at("ld.so"), root_.at("lib64/ld.so"));
  EXPECT_NE(collect().error().message.find("its loader /lib64/ld.so"), std::string::npos) << "a file of this machine";
  add("lib/ld-1.so", {183, ""});
  fs::remove(root_.at("lib64/ld.so"));
  fs::create_symlink("/lib/ld-1.so", root_.at("lib64/ld.so"));
  const auto files = collect();
  ASSERT_TRUE(files.is_ok()) << files.error().message;
  EXPECT_EQ(files->from, root_.at("opt/sixfold"));
  std::vector<std::pair<std::string, std::string>> got;
  for (const ProgramFile& file : files->libraries) got.emplace_back(file.path, file.from);
  const std::vector<std::pair<std::string, std::string>> want = {
      {"lib64/ld.so", root_.at("lib/ld-1.so")},
      {"usr/lib/aarch64-linux-gnu/liba.so", root_.at("opt/own/liba.so")},
      {"usr/lib/aarch64-linux-gnu/libc.so.6", root_.at("usr/lib/aarch64-linux-gnu/libc-2.so")}};
  EXPECT_EQ(got, want);
}

TEST_F(Root, paths_do_not_leave_it) {
  write_all(root_.at("a/file"), "x");
  fs::create_symlink("../../../../a", root_.at("up"));
  fs::create_symlink("two", root_.at("one"));
  fs::create_symlink("one", root_.at("two"));
  fs::create_symlink("/etc/passwd", root_.at("users"));
  EXPECT_EQ(find_below(root_.path(), "/a/./file"), root_.at("a/file"));
  EXPECT_EQ(find_below(root_.path(), "/../../a/file"), root_.at("a/file"));
  EXPECT_EQ(find_below(root_.path(), "/up/file"), root_.at("a/file"));
  EXPECT_EQ(find_below(root_.path(), "/one"), std::nullopt);
  EXPECT_EQ(find_below(root_.path(), "/users"), std::nullopt);
  EXPECT_EQ(find_below(root_.path(), "/a/file/more"), std::nullopt);
  EXPECT_EQ(find_below(root_.path(), "/none"), std::nullopt);
  EXPECT_EQ(find_below("", root_.at("a/../a/file")), root_.at("a/../a/file"));
  EXPECT_EQ(find_below("", root_.at("none")), std::nullopt);
}

TEST_F(Root, what_is_missing_is_named_with_who_needs_it) {
  add("bin/sixfold", {183, "/lib/ld.so", {"liba.so"}});
  add("lib/liba.so", {183, "", {"libmissing.so.3"}});
  const auto files = collect();
  ASSERT_FALSE(files.is_ok());
  EXPECT_EQ(files.error().code, ErrorCode::kNotFound);
  EXPECT_NE(files.error().message.find("lib/liba.so: needs libmissing.so.3"), std::string::npos)
      << files.error().message;
  add("lib/libmissing.so.3", {183, ""});
  EXPECT_NE(collect().error().message.find("its loader /lib/ld.so"), std::string::npos);
}

TEST_F(Root, a_program_for_another_machine_is_refused) {
  add("bin/sixfold", {62});
  EXPECT_EQ(collect().error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(find_program(root_.at("none")).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(find_program(root_.at("bin")).error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace sixfold::deploy::oci
