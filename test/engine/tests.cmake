# Masks are measured on reference vocabularies, which are GGUF files, gzipped.
target_link_libraries(engine_test PRIVATE sixfold_formats z)
