// Special tokens that the files beside a tokenizer name by text.
#pragma once
#include "tokenizer/vocabulary.h"

namespace sixfold::tokenizer {

// Gives the tokens bos_text, eos_text, unknown_text and padding_text their ids where these are absent.
void name_special_tokens(Vocabulary& vocabulary);

}  // namespace sixfold::tokenizer
