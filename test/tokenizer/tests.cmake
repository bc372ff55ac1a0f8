# The reference vocabularies are GGUF files, gzipped.
target_link_libraries(tokenizer_test PRIVATE sixfold_formats z)
