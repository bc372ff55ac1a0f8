// Where ONNX Runtime is looked for, and what is said when it is not there.
#include "onnx/library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>

namespace sixfold::onnx {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::string> paths_with(std::map<std::string, std::string> environment) {
  return library_paths([&](const char* name) { return environment[name]; }, "/opt/sixfold/bin");
}

TEST(LibraryPaths, a_chosen_file_is_the_only_one) {
  EXPECT_THAT(paths_with({{"SIXFOLD_ONNXRUNTIME", "/x/libonnxruntime.so.1.22"}, {"HOME", "/home/a"}}),
              ElementsAre("/x/libonnxruntime.so.1.22"));
  EXPECT_THAT(paths_with({{"SIXFOLD_ONNXRUNTIME", testing::TempDir()}}),
              ElementsAre(testing::TempDir() + "/libonnxruntime.so.1", testing::TempDir() + "/libonnxruntime.so"));
  EXPECT_THAT(paths_with({{"SIXFOLD_ONNXRUNTIME", "here.so"}}), ElementsAre("./here.so"));
}

TEST(LibraryPaths, go_from_the_program_to_the_cache_to_the_system) {
  EXPECT_THAT(
      paths_with({{"HOME", "/home/a"}}),
      ElementsAre("/opt/sixfold/bin/libonnxruntime.so.1", "/opt/sixfold/bin/libonnxruntime.so",
                  "/opt/sixfold/bin/../lib/sixfold/libonnxruntime.so.1",
                  "/opt/sixfold/bin/../lib/sixfold/libonnxruntime.so", "/home/a/.cache/sixfold/lib/libonnxruntime.so.1",
                  "/home/a/.cache/sixfold/lib/libonnxruntime.so", "libonnxruntime.so.1", "libonnxruntime.so"));
  EXPECT_THAT(paths_with({{"XDG_CACHE_HOME", "/cache"}, {"HOME", "/home/a"}}),
              testing::Contains("/cache/sixfold/lib/libonnxruntime.so.1"));
}

TEST(Library, one_that_is_missing_is_named_with_the_way_to_get_it) {
  const auto library = Library::load({"/nonexistent/libonnxruntime.so.1"});
  ASSERT_FALSE(library.is_ok());
  EXPECT_EQ(library.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(library.error().message, HasSubstr("/nonexistent/libonnxruntime.so.1"));
  EXPECT_THAT(library.error().message, HasSubstr("tools/get_onnxruntime"));
  EXPECT_THAT(library.error().message, HasSubstr("SIXFOLD_ONNXRUNTIME"));
}

TEST(Library, a_file_that_is_no_library_is_refused_with_the_reason) {
  const std::string path = testing::TempDir() + "/no_library.so";
  std::ofstream(path) << "text";
  const auto library = Library::load({path});
  ASSERT_FALSE(library.is_ok());
  EXPECT_THAT(library.error().message, HasSubstr("cannot be loaded"));
  EXPECT_THAT(library.error().message, HasSubstr("no_library.so"));
}

TEST(Library, another_library_is_refused) {
  const auto library = Library::load({"libm.so.6"});
  ASSERT_FALSE(library.is_ok());
  EXPECT_EQ(library.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(library.error().message, HasSubstr("is no ONNX Runtime"));
}

}  // namespace
}  // namespace sixfold::onnx
