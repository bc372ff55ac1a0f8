// What the tokenizer files of a folder become.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "formats/checkpoint.h"
#include "formats/model_folder.h"

namespace sixfold::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class HuggingFaceTokenizer : public testing::Test {
 protected:
  HuggingFaceTokenizer() {
    set_model(R"("model_type":"gpt2","n_embd":2,"n_layer":1,"n_head":1,"n_positions":4,"vocab_size":6)");
    folder_.write_tensors("model.safetensors", {});
  }

  void set_model(std::string_view fields) const { folder_.write("config.json", "{" + std::string(fields) + "}"); }
  Checkpoint open() const {
    auto opened = open_checkpoint(folder_.path());
    EXPECT_TRUE(opened.is_ok()) << opened.error().message;
    return std::move(opened).value();
  }
  std::string error() const {
    const auto opened = open_checkpoint(folder_.path());
    return opened.is_ok() ? "accepted" : opened.error().message;
  }

  ModelFolder folder_;
};

TEST_F(HuggingFaceTokenizer, a_folder_without_one_says_nothing) {
  const Checkpoint checkpoint = open();
  for (const MetadataEntry& entry : checkpoint.metadata())
    EXPECT_FALSE(entry.key.starts_with("tokenizer.")) << entry.key;
}

TEST_F(HuggingFaceTokenizer, the_most_telling_file_counts) {
  folder_.write("vocab.json", R"({"a":0})");
  folder_.write("merges.txt", "");
  EXPECT_EQ(open().string("tokenizer.ggml.model").value(), "gpt2");
  folder_.write("tokenizer.model", std::string_view("\x0a\0bytes", 7));
  EXPECT_EQ(open().string("tokenizer.sentencepiece.model").value(), std::string_view("\x0a\0bytes", 7));
  EXPECT_EQ(open().find("tokenizer.ggml.model"), nullptr);
  folder_.write("tokenizer.json", "{\"model\": {}}");
  EXPECT_EQ(open().string("tokenizer.huggingface.json").value(), "{\"model\": {}}");
  EXPECT_EQ(open().find("tokenizer.sentencepiece.model"), nullptr);
}

TEST_F(HuggingFaceTokenizer, special_tokens_are_texts_or_objects) {
  folder_.write("tokenizer_config.json",
                R"({"bos_token":"<s>","eos_token":{"content":"</s>","lstrip":false},"pad_token":null,)"
                R"("add_bos_token":true,"add_eos_token":false,"model_max_length":1000000000000000019884624838656})");
  folder_.write("special_tokens_map.json", R"({"bos_token":"ignored","unk_token":"<unk>"})");
  const Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.string("tokenizer.huggingface.bos_token").value(), "<s>");
  EXPECT_EQ(checkpoint.string("tokenizer.huggingface.eos_token").value(), "</s>");
  EXPECT_EQ(checkpoint.string("tokenizer.huggingface.unk_token").value(), "<unk>");
  EXPECT_EQ(checkpoint.find("tokenizer.huggingface.pad_token"), nullptr);
  EXPECT_TRUE(checkpoint.boolean("tokenizer.ggml.add_bos_token").value());
  EXPECT_FALSE(checkpoint.boolean("tokenizer.ggml.add_eos_token").value());
  folder_.write("tokenizer_config.json", R"({"bos_token":5})");
  EXPECT_THAT(error(), HasSubstr("tokenizer_config.json: bos_token: want an object, got 5"));
  folder_.write("tokenizer_config.json", R"({"eos_token":{"id":5}})");
  EXPECT_THAT(error(), HasSubstr("tokenizer_config.json: eos_token: content: want a string, got nothing"));
  folder_.write("tokenizer_config.json", R"({"add_bos_token":"yes"})");
  EXPECT_THAT(error(), HasSubstr("add_bos_token: want true or false, got \"yes\""));
}

TEST_F(HuggingFaceTokenizer, ids_come_from_the_newest_file_and_lie_in_the_vocabulary) {
  set_model(R"("model_type":"gpt2","n_embd":2,"n_layer":1,"n_head":1,"n_positions":4,"vocab_size":6,)"
            R"("bos_token_id":50256,"eos_token_id":1,"pad_token_id":-1)");
  Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.find("tokenizer.ggml.bos_token_id"), nullptr);
  EXPECT_EQ(checkpoint.find("tokenizer.ggml.padding_token_id"), nullptr);
  EXPECT_EQ(checkpoint.unsigned_integer("tokenizer.ggml.eos_token_id").value(), 1u);
  folder_.write("generation_config.json", R"({"eos_token_id":[5,3,700],"pad_token_id":2})");
  checkpoint = open();
  EXPECT_EQ(checkpoint.unsigned_integer("tokenizer.ggml.eos_token_id").value(), 5u);
  EXPECT_THAT(checkpoint.integers("tokenizer.ggml.eos_token_ids").value(), ElementsAre(5, 3));
  EXPECT_EQ(checkpoint.unsigned_integer("tokenizer.ggml.padding_token_id").value(), 2u);
  folder_.write("generation_config.json", R"({"eos_token_id":["</s>"]})");
  EXPECT_THAT(error(), HasSubstr("generation_config.json: eos_token_id: want a token id, or an array of them"));
}

TEST_F(HuggingFaceTokenizer, recommended_sampling_counts_where_sampling_is_on) {
  folder_.write("generation_config.json", R"({"do_sample":true,"temperature":0.7,"top_p":0.8,"top_k":20})");
  EXPECT_EQ(open().number("general.sampling.temp").value(), 0.7);
  EXPECT_EQ(open().number("general.sampling.top_p").value(), 0.8);
  EXPECT_EQ(open().unsigned_integer("general.sampling.top_k").value(), 20u);
  folder_.write("generation_config.json", R"({"do_sample":true,"top_k":-1})");
  EXPECT_THAT(error(), HasSubstr("top_k: want an integer of at least 0, got -1"));
  folder_.write("generation_config.json", R"({"temperature":0.7})");
  EXPECT_EQ(open().find("general.sampling.temp"), nullptr);
}

TEST_F(HuggingFaceTokenizer, chat_templates_are_one_several_or_a_file) {
  folder_.write("tokenizer_config.json", R"({"chat_template":"one"})");
  EXPECT_EQ(open().string("tokenizer.chat_template").value(), "one");
  folder_.write("tokenizer_config.json",
                R"({"chat_template":[{"name":"tool_use","template":"tools"},{"name":"default","template":"usual"}]})");
  EXPECT_EQ(open().string("tokenizer.chat_template").value(), "usual");
  EXPECT_EQ(open().string("tokenizer.chat_template.tool_use").value(), "tools");
  folder_.write("chat_template.jinja", "from a file");
  EXPECT_EQ(open().string("tokenizer.chat_template").value(), "from a file");
  folder_.remove("chat_template.jinja");
  folder_.write("tokenizer_config.json", R"({"chat_template":7})");
  EXPECT_THAT(error(), HasSubstr("chat_template: want a string, got 7"));
  folder_.write("tokenizer_config.json", R"({"chat_template":["x"]})");
  EXPECT_THAT(error(), HasSubstr("chat_template: want a string, or an array of names and templates"));
}

TEST_F(HuggingFaceTokenizer, vocabulary_and_merges_become_arrays) {
  folder_.write("vocab.json", R"({"b":1,"a":0,"<|endoftext|>":3,"ab":2})");
  folder_.write("merges.txt", "#version: 0.2\na b\r\n\n# a\n");
  folder_.write("added_tokens.json", R"({"<new>":4})");
  const Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.string("tokenizer.ggml.pre").value(), "gpt-2");
  EXPECT_THAT(*checkpoint.strings("tokenizer.ggml.tokens").value(),
              ElementsAre("a", "b", "ab", "<|endoftext|>", "<new>", ""));
  EXPECT_THAT(checkpoint.integers("tokenizer.ggml.token_type").value(), ElementsAre(1, 1, 1, 3, 4, 5));
  EXPECT_THAT(*checkpoint.strings("tokenizer.ggml.merges").value(), ElementsAre("a b", "# a"));
}

TEST_F(HuggingFaceTokenizer, refuses_broken_vocabularies) {
  folder_.write("vocab.json", R"({"a":0})");
  EXPECT_THAT(error(), HasSubstr("merges.txt: want this file beside vocab.json, got none"));
  for (const char* line : {"ab", "a b c", " b", "a ", "\xff b"}) {
    folder_.write("merges.txt", "a b\n" + std::string(line));
    EXPECT_THAT(error(), HasSubstr("merges.txt:2: want two tokens and a space between them")) << line;
  }
  folder_.write("merges.txt", "");
  folder_.write("vocab.json", R"({"a":6})");
  EXPECT_THAT(error(), HasSubstr("vocab.json: \"a\": want an id below the vocabulary's size 6, got 6"));
  folder_.write("vocab.json", R"({"a":-1})");
  EXPECT_THAT(error(), HasSubstr("got -1"));
  folder_.write("vocab.json", R"({"a":1,"b":1})");
  EXPECT_THAT(error(), HasSubstr("\"b\": want an id of its own, got 1, which \"a\" has"));
  folder_.write("vocab.json", R"({"a":1,"a":2})");
  EXPECT_THAT(error(), HasSubstr("want unique keys"));
}

TEST_F(HuggingFaceTokenizer, word_pieces_mark_the_beginning_of_words) {
  set_model(R"("model_type":"bert","hidden_size":4,"num_hidden_layers":1,"intermediate_size":8,)"
            R"("num_attention_heads":1,"max_position_embeddings":6,"vocab_size":8)");
  folder_.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nword\n##s\n##\n");
  folder_.write("tokenizer_config.json", R"({"do_lower_case":false})");
  const Checkpoint checkpoint = open();
  EXPECT_EQ(checkpoint.string("tokenizer.ggml.model").value(), "bert");
  EXPECT_THAT(*checkpoint.strings("tokenizer.ggml.tokens").value(),
              ElementsAre("[PAD]", "[UNK]", "[CLS]", "[SEP]", "\u2581word", "s", "\u2581##", ""));
  EXPECT_THAT(checkpoint.integers("tokenizer.ggml.token_type").value(), ElementsAre(3, 3, 3, 3, 1, 1, 1, 5));
  EXPECT_EQ(checkpoint.unsigned_integer("tokenizer.ggml.bos_token_id").value(), 2u);
  EXPECT_EQ(checkpoint.unsigned_integer("tokenizer.ggml.eos_token_id").value(), 3u);
  EXPECT_EQ(checkpoint.unsigned_integer("tokenizer.ggml.unknown_token_id").value(), 1u);
  EXPECT_FALSE(checkpoint.boolean("tokenizer.ggml.normalizer.lowercase").value());
  folder_.write("vocab.txt", "a\n\xff\n");
  EXPECT_THAT(error(), HasSubstr("vocab.txt:2: want UTF-8 text"));
  folder_.write("vocab.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n");
  EXPECT_THAT(error(), HasSubstr("vocab.txt: want at most 8 lines, the vocabulary's size, got 9"));
}

}  // namespace
}  // namespace sixfold::formats
