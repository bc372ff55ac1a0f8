// How tokenizer.json files say that two texts make one input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/huggingface_files.h"
#include "tokenizer/tokenizer.h"

namespace sixfold::tokenizer {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;

// What a pair of texts becomes, in a file whose template for pairs is `pair`.
Result<PairForm> pair_form(std::string_view pair) {
  json::value file = json::parse(kBpeFile);
  place_of(file, "/post_processor/processors/1/pair") = json::parse(pair);
  return read_file(json::serialize(file)).value()->pair_form();
}

TEST(HuggingFacePairs, templates_say_what_stands_around_and_which_type_it_has) {
  using PairIds = std::vector<TokenId>;
  const auto tokenizer = read_file(std::string(kBpeFile)).value();
  const PairForm form = tokenizer->pair_form().value();
  EXPECT_EQ(form.before, (PairIds{0, 1}));
  EXPECT_EQ(form.between, (PairIds{0, 1}));
  EXPECT_EQ(form.after, PairIds());
  EXPECT_EQ(form.second_type_begin, 0U);
  const PairForm late = pair_form(R"([{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "s", "type_id": 0}},
                                      {"Sequence": {"id": "B", "type_id": 1}},
                                      {"SpecialToken": {"id": "s", "type_id": 1}}])")
                            .value();
  EXPECT_EQ(late.between, (PairIds{0, 1}));
  EXPECT_EQ(late.after, (PairIds{0, 1}));
  EXPECT_EQ(late.second_type_begin, 2U);
  const PairForm alike = pair_form(R"([{"Sequence": {"id": "A"}}, {"Sequence": {"id": "B"}}])").value();
  EXPECT_EQ(alike.second_type_begin, std::nullopt);
}

TEST(HuggingFacePairs, those_that_cannot_be_followed_are_refused_when_two_texts_come) {
  for (const std::string_view pair :
       {R"([])", R"([{"Sequence": {"id": "A"}}])", R"([{"Sequence": {"id": "B"}}, {"Sequence": {"id": "A"}}])",
        R"([{"Sequence": {"id": "A"}}, {"Sequence": {"id": "A"}}])"}) {
    EXPECT_THAT(pair_form(pair).error().message, HasSubstr("pair: want the text A, and behind it B, each once"))
        << pair;
  }
  for (const std::string_view pair :
       {R"([{"Sequence": {"id": "A", "type_id": 1}}, {"Sequence": {"id": "B", "type_id": 1}}])",
        R"([{"Sequence": {"id": "A"}}, {"Sequence": {"id": "B", "type_id": 2}}])",
        R"([{"Sequence": {"id": "A"}}, {"Sequence": {"id": "B"}}, {"SpecialToken": {"id": "s", "type_id": 1}}])",
        R"([{"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "s", "type_id": 1}}, {"Sequence": {"id": "B"}}])"}) {
    EXPECT_THAT(pair_form(pair).error().message, HasSubstr("pair: want type ids of 0, and")) << pair;
  }
  EXPECT_THAT(pair_form("null").error().message, HasSubstr("processors[1]: want a field \"pair\" for two texts"));
}

TEST(HuggingFacePairs, other_processors_have_forms_of_their_own) {
  using PairIds = std::vector<TokenId>;
  const PairForm bert = read_file(std::string(kWordPieceFile)).value()->pair_form().value();
  EXPECT_EQ(bert.before, PairIds{1});
  EXPECT_EQ(bert.between, PairIds{2});
  EXPECT_EQ(bert.after, PairIds{2});
  EXPECT_EQ(bert.second_type_begin, 1U);
  const PairForm roberta = read_file(std::string(kUnigramFile)).value()->pair_form().value();
  EXPECT_EQ(roberta.before, PairIds{1});
  EXPECT_EQ(roberta.between, (PairIds{2, 2}));
  EXPECT_EQ(roberta.after, PairIds{2});
  EXPECT_EQ(roberta.second_type_begin, std::nullopt);
  const PairForm none = read_file(std::string(kWordLevelFile)).value()->pair_form().value();
  EXPECT_TRUE(none.before.empty() && none.between.empty() && none.after.empty());
  EXPECT_EQ(none.second_type_begin, 0U);
}

TEST(HuggingFacePairs, flags_that_change_the_surroundings_hold_for_both_texts) {
  Vocabulary vocabulary;
  vocabulary.huggingface_json = kWordLevelFile;
  vocabulary.bos = 0;
  vocabulary.eos = 1;
  vocabulary.adds_bos = true;
  vocabulary.adds_eos = true;
  const PairForm form = make_tokenizer(std::move(vocabulary)).value()->pair_form().value();
  using PairIds = std::vector<TokenId>;
  EXPECT_EQ(form.before, PairIds{0});
  EXPECT_EQ(form.between, (PairIds{1, 0}));
  EXPECT_EQ(form.after, PairIds{1});
  EXPECT_EQ(form.second_type_begin, 1U);
}

}  // namespace
}  // namespace sixfold::tokenizer
