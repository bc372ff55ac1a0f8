// The tokenizer of a folder, from whichever of its files there are.
#pragma once
#include <string>
#include <vector>

#include "core/result.h"
#include "formats/huggingface/family.h"

namespace sixfold::formats::huggingface {

// Adds, of what the folder has:
//   tokenizer.huggingface.json             the text of tokenizer.json; else
//   tokenizer.sentencepiece.model          the bytes of tokenizer.model; else
//   tokenizer.ggml.{model,tokens,...}      from vocab.json and merges.txt, or vocab.txt
//   tokenizer.huggingface.bos_token        and eos_, unk_, pad_, cls_, sep_, mask_token: texts of special tokens
//   tokenizer.ggml.bos_token_id            and eos_, padding_: their ids, where a file has them
//   tokenizer.ggml.eos_token_ids           all tokens that end a generation
//   tokenizer.ggml.add_bos_token, add_eos_token
//   tokenizer.chat_template                and tokenizer.chat_template.NAME for those with a name
//   general.sampling.{temp,top_k,top_p,min_p,penalty_repeat}   what generation_config.json recommends
// A folder without any has no such keys: its model takes ids only.
// Errors: corrupt_data.
Status add_tokenizer(const std::string& folder, const ConfigReader& config, const Family& family,
                     const ModelFacts& facts, std::vector<MetadataEntry>& out);

}  // namespace sixfold::formats::huggingface
