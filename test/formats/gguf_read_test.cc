// GGUF files, good and broken.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "formats/checkpoint.h"
#include "formats/gguf_file.h"
#include "formats/gguf_layout.h"

namespace sixfold::formats {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::size_t kVersionOffset = 4;
constexpr std::size_t kTensorCountOffset = 8;
constexpr std::size_t kMetadataCountOffset = 16;
constexpr std::size_t kFirstKeyLengthOffset = 24;

std::string error_of(const std::vector<std::byte>& image) {
  const auto checkpoint = read_gguf(image, "m.gguf");
  return checkpoint.is_ok() ? "accepted" : checkpoint.error().message;
}

// The offset just behind a tensor's name: rank u32, dims u64 each, type u32, offset u64.
std::size_t behind(const std::vector<std::byte>& image, std::string_view name) {
  return offset_of(image, name) + name.size();
}

TEST(GgufRead, reads_back_what_was_written) {
  const GgufSample sample = make_sample();
  const auto image = sample.image();
  const auto read = read_gguf(image, "m.gguf");
  ASSERT_TRUE(read.is_ok()) << read.error().message;
  EXPECT_EQ(read->format(), "gguf v3");
  EXPECT_EQ(read->path(), "m.gguf");
  EXPECT_EQ(read->file_bytes(), image.size());
  ASSERT_EQ(read->metadata().size(), sample.metadata.size());
  for (const MetadataEntry& entry : sample.metadata) {
    const MetadataValue* value = read->find(entry.key);
    ASSERT_NE(value, nullptr) << entry.key;
    EXPECT_EQ(*value, entry.value) << entry.key;
  }
  ASSERT_EQ(read->tensors().size(), sample.tensors.size());
  for (std::size_t i = 0; i < sample.tensors.size(); ++i) {
    const TensorView& tensor = read->tensors()[i];
    EXPECT_EQ(tensor.name, sample.tensors[i].name);
    EXPECT_EQ(tensor.dtype, sample.tensors[i].dtype);
    EXPECT_EQ(tensor.shape, sample.tensors[i].shape);
    EXPECT_TRUE(
        std::equal(tensor.bytes.begin(), tensor.bytes.end(), sample.buffers[i].begin(), sample.buffers[i].end()));
    EXPECT_EQ((tensor.bytes.data() - image.data()) % 32, 0);
    EXPECT_EQ(read->find_tensor(tensor.name), &tensor);
  }
  EXPECT_EQ(read->find_tensor("absent"), nullptr);
  EXPECT_EQ(read->find("absent"), nullptr);
}

TEST(GgufRead, reads_version_2) {
  auto image = make_sample().image();
  overwrite<std::uint32_t>(image, kVersionOffset, 2);
  const auto read = read_gguf(image, "m.gguf");
  ASSERT_TRUE(read.is_ok());
  EXPECT_EQ(read->format(), "gguf v2");
}

TEST(GgufRead, refuses_every_truncation) {
  // Ends with a tensor whose size is a multiple of the alignment, so that no byte of the file is padding.
  GgufSample sample = make_sample();
  sample.add_tensor("last", DType::kF32, {{16}, 1});
  const auto image = sample.image();
  for (std::size_t length = 0; length < image.size(); ++length) {
    const std::vector<std::byte> cut(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(read_gguf(cut, "m.gguf").is_ok()) << length;
  }
  EXPECT_TRUE(read_gguf(image, "m.gguf").is_ok());
}

TEST(GgufRead, refuses_other_files) {
  EXPECT_THAT(error_of({}), HasSubstr("m.gguf: not a GGUF file"));
  auto image = make_sample().image();
  overwrite(image, 0, 'X');
  EXPECT_THAT(error_of(image), HasSubstr("not a GGUF file: want \"GGUF\" at its start, got \"XGUF\""));
}

TEST(GgufRead, refuses_other_versions) {
  for (const std::uint32_t version : {0u, 1u, 4u, 99u}) {
    auto image = make_sample().image();
    overwrite(image, kVersionOffset, version);
    EXPECT_THAT(error_of(image), HasSubstr("GGUF version: want 2 to 3, got")) << version;
  }
  auto image = make_sample().image();
  overwrite(image, kVersionOffset, 0x03000000u);
  EXPECT_THAT(error_of(image), HasSubstr("big-endian"));
}

TEST(GgufRead, refuses_counts_that_the_file_cannot_hold) {
  for (const std::uint64_t count : {~0ull, 1ull << 63, 1ull << 32, 70'000ull, 200ull}) {
    auto image = make_sample().image();
    overwrite(image, kTensorCountOffset, count);
    EXPECT_THAT(error_of(image), HasSubstr("tensor count: want at most")) << count;
    image = make_sample().image();
    overwrite(image, kMetadataCountOffset, count);
    EXPECT_THAT(error_of(image), HasSubstr("metadata count: want at most")) << count;
  }
}

TEST(GgufRead, refuses_counts_that_are_off_by_one) {
  const GgufSample sample = make_sample();
  for (const int by : {-1, 1}) {
    auto image = sample.image();
    overwrite<std::uint64_t>(image, kMetadataCountOffset, sample.metadata.size() + static_cast<std::size_t>(by));
    EXPECT_FALSE(read_gguf(image, "m.gguf").is_ok()) << by;
  }
  auto image = sample.image();
  overwrite<std::uint64_t>(image, kTensorCountOffset, sample.tensors.size() + 1);
  EXPECT_FALSE(read_gguf(image, "m.gguf").is_ok());
}

TEST(GgufRead, refuses_bad_keys) {
  auto image = make_sample().image();
  overwrite<std::uint64_t>(image, kFirstKeyLengthOffset, ~0ull);
  EXPECT_THAT(error_of(image), HasSubstr("metadata key: want a length of at most 65535 bytes, got"));
  image = make_sample().image();
  overwrite<std::uint64_t>(image, kFirstKeyLengthOffset, 60'000);
  EXPECT_THAT(error_of(image), HasSubstr("metadata key: want 60000 bytes at offset"));
  image = make_sample().image();
  overwrite<std::uint64_t>(image, kFirstKeyLengthOffset, 0);
  EXPECT_THAT(error_of(image), HasSubstr("want UTF-8 text, got \"\""));
  image = make_sample().image();
  overwrite<std::uint8_t>(image, kFirstKeyLengthOffset + 8, 0xFF);
  EXPECT_THAT(error_of(image), HasSubstr("want UTF-8 text, got \"\\xffeneral"));
}

TEST(GgufRead, refuses_duplicate_keys_and_tensor_names) {
  auto image = make_sample().image();
  std::memcpy(image.data() + offset_of(image, "test.signeds"), "test.numbers", 12);
  EXPECT_THAT(error_of(image), HasSubstr("metadata \"test.numbers\": want one entry, got two"));

  GgufSample sample = make_sample();
  sample.add_tensor("cubf", DType::kF32, {{8}, 1});
  image = sample.image();
  std::memcpy(image.data() + offset_of(image, "cubf"), "cube", 4);
  EXPECT_THAT(error_of(image), HasSubstr("tensor \"cube\": want one of this name, got two"));
}

TEST(GgufRead, refuses_bad_values) {
  const auto base = make_sample().image();
  auto image = base;
  overwrite<std::uint32_t>(image, behind(base, "test.flag"), 13);
  EXPECT_THAT(error_of(image), HasSubstr("metadata \"test.flag\": want a value type of at most 12, got 13"));
  image = base;
  overwrite<std::uint8_t>(image, behind(base, "test.flag") + 4, 2);
  EXPECT_THAT(error_of(image), HasSubstr("metadata \"test.flag\": want a boolean of 0 or 1, got 2"));
  image = base;
  overwrite<std::uint8_t>(image, behind(base, "test.flags") + 4 + 4 + 8, 2);
  EXPECT_THAT(error_of(image), HasSubstr("metadata \"test.flags\": want booleans of 0 or 1"));
  image = base;
  overwrite<std::uint64_t>(image, behind(base, "general.architecture") + 4, (1ull << 63) + 5);
  EXPECT_THAT(error_of(image), HasSubstr("metadata \"general.architecture\": want a length of at most"));
}

TEST(GgufRead, refuses_bad_arrays) {
  const auto base = make_sample().image();
  const auto type_of = [&](std::string_view key) { return behind(base, key) + 4; };
  auto image = base;
  overwrite<std::uint32_t>(image, type_of("test.strings"), 13);
  EXPECT_THAT(error_of(image), HasSubstr("want an element type of at most 12, got 13"));
  image = base;
  overwrite<std::uint32_t>(image, type_of("test.strings"), 9);
  EXPECT_THAT(error_of(image), HasSubstr("got an array of arrays"));
  for (const std::string_view key : {"test.strings", "test.numbers", "test.flags", "test.signeds"}) {
    for (const std::uint64_t count : {~0ull, 1ull << 62, 1ull << 24, 100'000ull}) {
      image = base;
      overwrite<std::uint64_t>(image, type_of(key) + 4, count);
      EXPECT_THAT(error_of(image), HasSubstr("metadata \"" + std::string(key) + "\": want")) << count;
    }
  }
}

TEST(GgufRead, refuses_bad_shapes) {
  const auto base = make_sample().image();
  const std::size_t rank = behind(base, "token_embd.weight");
  for (const std::uint32_t value : {0u, 5u, 0xFFFFFFFFu}) {
    auto image = base;
    overwrite(image, rank, value);
    EXPECT_THAT(error_of(image), HasSubstr("tensor \"token_embd.weight\": want 1 to 4 dimensions, got")) << value;
  }
  auto image = base;
  overwrite<std::uint64_t>(image, rank + 4 + 8, 0);
  EXPECT_THAT(error_of(image), HasSubstr("want dimensions of at least 1, got 0"));
  image = base;
  overwrite<std::uint64_t>(image, rank + 4, 1ull << 32);
  overwrite<std::uint64_t>(image, rank + 4 + 8, 1ull << 32);
  EXPECT_THAT(error_of(image), HasSubstr("want a number of elements below 2^64"));
  image = base;
  overwrite<std::uint64_t>(image, rank + 4, ~0ull);
  EXPECT_FALSE(read_gguf(image, "m.gguf").is_ok());
  image = base;
  overwrite<std::uint64_t>(image, rank + 4, 16);
  EXPECT_THAT(error_of(image), HasSubstr("want rows of a multiple of 32 elements for Q8_0, got 16"));
  image = base;
  overwrite<std::uint64_t>(image, rank + 4 + 8, 1u << 20);
  EXPECT_THAT(error_of(image), HasSubstr("got shape [1048576, 32] of Q8_0"));
}

TEST(GgufRead, names_tensor_types_that_it_cannot_read) {
  const auto base = make_sample().image();
  const std::size_t type = behind(base, "token_embd.weight") + 4 + 16;
  auto image = base;
  overwrite<std::uint32_t>(image, type, 16);
  EXPECT_THAT(error_of(image), AllOf(HasSubstr("tensor \"token_embd.weight\""), HasSubstr("got IQ2_XXS (type 16)")));
  image = base;
  overwrite<std::uint32_t>(image, type, 0xFFFFFFFF);
  EXPECT_THAT(error_of(image), HasSubstr("got unknown (type 4294967295)"));
}

TEST(GgufRead, refuses_tensors_that_lie_wrongly) {
  const auto base = make_sample().image();
  const std::size_t first = behind(base, "token_embd.weight") + 4 + 16 + 4;
  const std::size_t second = behind(base, "output_norm.weight") + 4 + 8 + 4;
  for (const std::uint64_t offset : {1ull << 20, 1ull << 63, ~0ull - 31}) {
    auto image = base;
    overwrite(image, first, offset);
    EXPECT_THAT(error_of(image), HasSubstr("of tensor data")) << offset;
  }
  auto image = base;
  overwrite<std::uint64_t>(image, first, 4);
  EXPECT_THAT(error_of(image), HasSubstr("want an offset that is a multiple of 32, got 4"));
  image = base;
  overwrite<std::uint64_t>(image, second, 32);
  EXPECT_THAT(error_of(image), HasSubstr("tensor \"output_norm.weight\": want an offset of at least 136, where tensor "
                                         "\"token_embd.weight\" ends, got 32"));
}

TEST(GgufRead, obeys_the_alignment_in_the_metadata) {
  GgufSample sample = make_sample();
  sample.metadata.push_back({"general.alignment", std::uint64_t{128}});
  const auto image = sample.image();
  const auto read = read_gguf(image, "m.gguf");
  ASSERT_TRUE(read.is_ok()) << read.error().message;
  EXPECT_EQ((read->tensors()[2].bytes.data() - image.data()) % 128, 0);
  EXPECT_EQ(read->tensors()[2].bytes[1], sample.buffers[2][1]);

  for (const std::uint32_t alignment : {0u, 1u, 24u, 48u, 1u << 31}) {
    auto broken = image;
    overwrite(broken, behind(image, "general.alignment") + 4, alignment);
    EXPECT_THAT(error_of(broken), HasSubstr("general.alignment: want a power of two from 8 to 65536")) << alignment;
  }
  auto broken = image;
  overwrite<std::uint32_t>(broken, behind(image, "general.alignment"),
                           static_cast<std::uint32_t>(GgufValueType::kFloat32));
  EXPECT_THAT(error_of(broken), HasSubstr("general.alignment: want an unsigned integer"));
}

TEST(GgufRead, survives_any_single_byte_change) {
  const auto base = make_sample().image();
  std::mt19937 random(1);
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < base.size(); ++at) {
    auto image = base;
    image[at] = static_cast<std::byte>(random());
    const auto read = read_gguf(image, "m.gguf");
    if (!read.is_ok()) {
      EXPECT_THAT(read.error().message, HasSubstr("m.gguf: "));
      continue;
    }
    ++accepted;
    for (const TensorView& tensor : read->tensors()) {
      EXPECT_GE(tensor.bytes.data(), image.data());
      EXPECT_LE(tensor.bytes.data() + tensor.bytes.size(), image.data() + image.size());
    }
  }
  EXPECT_GT(accepted, 0u);
  EXPECT_LT(accepted, base.size());
}

TEST(Checkpoint, reads_metadata_as_the_wanted_type) {
  const auto image = make_sample().image();
  const auto file = read_gguf(image, "m.gguf").value();
  EXPECT_EQ(file.unsigned_integer("llama.block_count").value(), 2u);
  EXPECT_EQ(file.number("llama.block_count").value(), 2.0);
  EXPECT_EQ(file.number("test.negative").value(), -5.0);
  EXPECT_EQ(file.string("general.architecture").value(), "llama");
  EXPECT_TRUE(file.boolean("test.flag").value());
  EXPECT_THAT(*file.strings("test.strings").value(), ElementsAre("a", "", "\xE2\x96\x81the"));
  EXPECT_THAT(file.numbers("test.unsigneds").value(), ElementsAre(1.0, 2.0, 3.0));
  EXPECT_THAT(file.numbers("test.numbers").value(), ElementsAre(0.25, -1.5));
  EXPECT_THAT(file.integers("test.signeds").value(), ElementsAre(-1, 2));
  EXPECT_THAT(file.integers("test.unsigneds").value(), ElementsAre(1, 2, 3));

  EXPECT_EQ(file.unsigned_integer("absent").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(file.unsigned_integer("absent").error().message,
            "m.gguf: metadata absent: want an integer of at least 0, got nothing");
  EXPECT_EQ(file.unsigned_integer("test.negative").error().code, ErrorCode::kCorruptData);
  EXPECT_EQ(file.string("test.flag").error().message, "m.gguf: metadata test.flag: want a string, got a boolean");
  EXPECT_FALSE(file.boolean("llama.block_count").is_ok());
  EXPECT_FALSE(file.strings("test.numbers").is_ok());
  EXPECT_FALSE(file.numbers("test.strings").is_ok());
  EXPECT_FALSE(file.integers("test.numbers").is_ok());

  EXPECT_EQ(file.unsigned_integer_or("absent", 7).value(), 7u);
  EXPECT_EQ(file.number_or("absent", 0.5).value(), 0.5);
  EXPECT_TRUE(file.boolean_or("absent", true).value());
  EXPECT_EQ(file.string_or("absent", "x").value(), "x");
  EXPECT_FALSE(file.unsigned_integer_or("test.flag", 7).is_ok());
  EXPECT_FALSE(file.string_or("test.flag", "x").is_ok());
}

}  // namespace
}  // namespace sixfold::formats
