# Golden results must hold with every instruction set: one more run of those tests for each that this build may have.
# A machine that cannot run one repeats its best, and says so in GoldenIsa.
if(TARGET model_test)
  # Numbers of other programs that belong to the project lie beside the tests.
  target_compile_definitions(model_test PRIVATE SIXFOLD_TEST_MODEL_DIR="${CMAKE_CURRENT_LIST_DIR}")
  foreach(isa scalar avx2 avx512 avx512bf16)
    add_test(NAME model.golden.${isa} COMMAND model_test --gtest_filter=*Golden*:Forward.*:*Batches*)
    set_tests_properties(model.golden.${isa} PROPERTIES ENVIRONMENT SIXFOLD_ISA=${isa} LABELS model TIMEOUT 300)
  endforeach()
endif()
