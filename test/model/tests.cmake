# Golden results must hold with every instruction set: one more run of those tests for each that this build may have.
# They are skipped where a machine cannot run one, and for its best, with which every test runs anyway.
if(TARGET model_test)
  # Numbers of other programs that belong to the project lie beside the tests.
  target_compile_definitions(model_test PRIVATE SIXFOLD_TEST_MODEL_DIR="${CMAKE_CURRENT_LIST_DIR}")
  foreach(isa scalar avx2 avx512 avx512bf16 amx)
    add_test(NAME model.golden.${isa} COMMAND model_test --gtest_filter=*Golden*:Forward.*:*Batches*)
    set_tests_properties(model.golden.${isa} PROPERTIES LABELS model TIMEOUT 300
                         ENVIRONMENT "SIXFOLD_ISA=${isa};SIXFOLD_ONE_MORE_ISA=${isa}"
                         SKIP_REGULAR_EXPRESSION "not usable here: ${isa}|every test runs with ${isa}")
  endforeach()
endif()
