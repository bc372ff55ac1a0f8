# A build from nothing compiles ten files of a target as one: headers and templates, which are most of the work, are then
# compiled once for ten files.  Who edits wants one changed file to cost one compilation, and names in anonymous
# namespaces to stay a file's own: the preset `dev` turns this off.  Kernels of one instruction set are never put together.
#   sixfold_compile_together(TARGET)
function(sixfold_compile_together target)
  if(SIXFOLD_TOGETHER)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 10)
    # GCC takes an included file for a header, whose classes must not hold types of an anonymous namespace.
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-subobject-linkage>)
  endif()
endfunction()

# Files that cannot share a compilation, because they give a name of their own to another thing than a neighbour does.
set(apart
  kernels/limit_probe.cc formats/huggingface/config_decoders.cc formats/huggingface/tensor_names.cc
  tokenizer/hf/decoder.cc tokenizer/hf/pre_tokenizer.cc net/curl_transfer.cc model/arch_decoder.cc
  tokenizer/word_piece_tokenizer.cc tokenizer/unigram_tokenizer.cc
  registry/mlflow_name.cc registry/push/s3_upload.cc registry/aws/login_sso.cc registry/aws/login_sts.cc
  registry/aws/s3_session.cc service/ollama/models.cc service/ollama/pull.cc service/chat/hermes_parser.cc service/chat/mistral_parser.cc
  service/chat/answer_rule.cc)
list(TRANSFORM apart PREPEND ${CMAKE_SOURCE_DIR}/src/)
set(tests_apart
  model/forward_test.cc model/load_test.cc service/ollama_chat_test.cc service/anthropic_test.cc service/infill_test.cc
  service/responses_test.cc service/tools_test.cc engine/line_indent_test.cc engine/reasoning_budget_test.cc)
list(TRANSFORM tests_apart PREPEND ${CMAKE_SOURCE_DIR}/test/)
set_source_files_properties(${apart} ${tests_apart} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
